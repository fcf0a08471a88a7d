// SPDX-License-Identifier: MIT
import Grounding

/// A task that is to outlive every process, as the body of a Submit carries it, checked.
public struct JobSubmission: Sendable, Hashable {
    /// The path of the task's method.
    public var method: String
    /// The request of that method, binary.
    public var body: [UInt8]
    public var image: [UInt8]
    public var key: String
    public var customID: String
    public var client: String
    public var metadata: [String: String]
    public var timeToLiveSeconds: UInt32

    public init(
        _ task: TaskRequest, image: [UInt8], key: String = "", customID: String = "", client: String = "",
        metadata: [String: String] = [:], timeToLiveSeconds: UInt32 = WireLimits.defaultJobTimeToLiveSeconds
    ) {
        method = task.method.rawValue
        body = task.body(.protobuf)
        self.image = image
        self.key = key
        self.customID = customID
        self.client = client
        self.metadata = metadata
        self.timeToLiveSeconds = timeToLiveSeconds
    }

    /// Reads the body of a Submit.
    ///
    /// - Throws: INVALID_ARGUMENT with the field of each violation; those of the task begin with its name: `detect.labels`.
    public init(body: [UInt8], image: [UInt8]?) throws(RPCStatus) {
        let message = try WireEncoding.decodeRequest(ProtoSubmitJobRequest.self, from: body)
        let violations = Self.violations(message, image)
        guard violations.isEmpty else { throw .invalid(violations) }
        guard let (name, request) = message.taskRequest else { throw .invalid([Self.noTask]) }
        do throws(RPCStatus) {
            self.init(try TaskRequest(task: name, body: request), image: image ?? [])
        } catch {
            var status = error
            status.violations = error.violations.map { FieldViolation("\(name.rawValue).\($0.field)", $0.description) }
            throw status
        }
        key = message.key
        customID = message.customID
        client = message.client
        metadata = message.metadata
        if message.hasTimeToLiveS { timeToLiveSeconds = message.timeToLiveS }
    }

    /// The body of the Submit that carries this.
    public func requestBody(_ encoding: WireEncoding) -> [UInt8] {
        var message = ProtoSubmitJobRequest()
        message.setTask(method: method, body: body)
        message.key = key
        message.customID = customID
        message.client = client
        message.metadata = metadata
        message.timeToLiveS = timeToLiveSeconds
        return encoding.encode(message)
    }

    private static let noTask = FieldViolation("task", "is missing: one of caption, detect, ground, align, …")

    private static func violations(_ message: ProtoSubmitJobRequest, _ image: [UInt8]?) -> [FieldViolation] {
        var found: [FieldViolation] = []
        if message.task == nil { found.append(noTask) }
        if image?.isEmpty != false { found.append(FieldViolation("image", "is missing")) }
        for (field, text) in [("key", message.key), ("custom_id", message.customID), ("client", message.client)]
        where text.utf8.count > WireLimits.jobTextBytes || text.utf8.contains(0) {
            found.append(FieldViolation(field, "has more than \(WireLimits.jobTextBytes) bytes, or a NUL"))
        }
        if let fault = HeaderRules.metadataFault(message.metadata) { found.append(FieldViolation("metadata", fault)) }
        if message.hasTimeToLiveS, !(1...WireLimits.jobTimeToLiveSeconds).contains(message.timeToLiveS) {
            found.append(
                FieldViolation("time_to_live_s", "is not in 1...\(WireLimits.jobTimeToLiveSeconds)"))
        }
        return found
    }
}

extension ProtoSubmitJobRequest {
    /// The task's name and the binary body of its request.
    fileprivate var taskRequest: (GroundingTask.Name, [UInt8])? {
        let binary = WireEncoding.protobuf
        return switch task {
        case .caption(let request): (.caption, binary.encode(request))
        case .detect(let request): (.detect, binary.encode(request))
        case .ground(let request): (.ground, binary.encode(request))
        case .align(let request): (.align, binary.encode(request))
        case .refer(let request): (.refer, binary.encode(request))
        case .describe(let request): (.describe, binary.encode(request))
        case .ask(let request): (.ask, binary.encode(request))
        case .generate(let request): (.generate, binary.encode(request))
        case nil: nil
        }
    }

    /// - Parameter body: of the method's request, which was written by this process.
    fileprivate mutating func setTask(method: String, body: [UInt8]) {
        do throws(MalformedMessage) {
            switch Method(rawValue: method)?.task {
            case .caption: caption = try WireEncoding.decode(ProtoCaptionRequest.self, from: body)
            case .detect: detect = try WireEncoding.decode(ProtoDetectRequest.self, from: body)
            case .ground: ground = try WireEncoding.decode(ProtoGroundRequest.self, from: body)
            case .align: align = try WireEncoding.decode(ProtoAlignRequest.self, from: body)
            case .refer: refer = try WireEncoding.decode(ProtoReferRequest.self, from: body)
            case .describe: describe = try WireEncoding.decode(ProtoDescribeRequest.self, from: body)
            case .ask: ask = try WireEncoding.decode(ProtoAskRequest.self, from: body)
            case .generate: generate = try WireEncoding.decode(ProtoGenerateRequest.self, from: body)
            case nil: preconditionFailure("submit: \(method) is no task")
            }
        } catch {
            preconditionFailure("submit: the body of \(method) \(error.predicate)")
        }
    }
}
