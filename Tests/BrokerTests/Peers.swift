// SPDX-License-Identifier: MIT

import Broker
import Grounding
import Logging
import Messaging
import Observability
import Testing
import Wire

/// How long a test waits for what must come; only a failing test waits so long.
let patience = Duration.seconds(20)

struct NeverHeard: Error {}

extension BrokerServer {
    /// On free ports, with beats that no test has to keep up unless it is about them.
    static func onLoopback(
        _ context: Context, peerHighWater: Int32 = 256, watchRepeat: Duration = .seconds(600),
        spans: SpanQueue? = nil,
        change: (inout SchedulerConfiguration) -> Void = { _ in }
    ) throws -> BrokerServer {
        var terms = SchedulerConfiguration(
            beatInterval: .milliseconds(100), liveness: 10_000, noWorkerPatience: .seconds(600))
        change(&terms)
        var configuration = try BrokerConfiguration(
            front: "tcp://127.0.0.1:*", back: "tcp://127.0.0.1:*", scheduler: terms,
            peerHighWater: peerHighWater, watchRepeat: watchRepeat, version: "test")
        configuration.spans = spans
        return try BrokerServer(
            configuration, context: context, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
}

/// A DEALER that a test speaks for, message by message.
struct Peer: ~Copyable {
    private let socket: Socket

    init(_ context: Context, _ endpoint: Endpoint, _ security: ConnectionSecurity = .none) throws {
        let socket = try Socket(context, .dealer, SocketOptions(security: security))
        try socket.connect(endpoint)
        self.socket = socket
    }

    func say(_ frames: [[UInt8]]) throws { try socket.send(frames) }

    /// The next message that `pick` takes; others before it are dropped.
    func hear<T>(within limit: Duration = patience, _ pick: ([[UInt8]]) throws -> T?) throws -> T {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            _ = try Poller.wait([socket.pollItem], timeout: .milliseconds(20))
            while let frames = try socket.receive() {
                if let picked = try pick(frames) { return picked }
            }
        }
        throw NeverHeard()
    }
}

/// A client without any logic.
struct RawClient: ~Copyable {
    let peer: Peer

    init(_ context: Context, _ broker: BrokerServer) throws {
        peer = try Peer(context, broker.front)
    }

    init(peer: consuming Peer) {
        self.peer = peer
    }

    func detect(
        _ id: String, timeout: UInt32 = 600_000, encoding: WireEncoding = .protobuf, image: [UInt8] = [7]
    ) throws {
        let request = CallRequest(
            id: id, method: Method.detect.rawValue, timeoutMilliseconds: timeout, encoding: encoding,
            body: Array(#"{"labels":["cat"]}"#.utf8), image: image)
        try peer.say(ClientMessage.request(request).frames(encoding))
    }

    func ask(_ id: String, _ method: Method, body: String = "{}", encoding: WireEncoding = .json) throws {
        let request = CallRequest(id: id, method: method.rawValue, encoding: encoding, body: Array(body.utf8))
        try peer.say(ClientMessage.request(request).frames(encoding))
    }

    func cancel(_ id: String) throws { try peer.say(ClientMessage.cancel(id: id, reason: "").frames(.json)) }

    func hear() throws -> BrokerReply { try peer.hear { try BrokerReply(frames: $0) } }

    /// The next RESPONSE, whose call it is with it.
    func response() throws -> CallResponse {
        try peer.hear { frames in
            if case .response(let response) = try BrokerReply(frames: frames) { response } else { nil }
        }
    }

    func status() throws -> ProtoAdminStatusResponse {
        try ask("status", .adminStatus)
        let body = try peer.hear { frames in
            if case .response(let response) = try BrokerReply(frames: frames), response.id == "status" {
                response.body
            } else {
                nil
            }
        }
        return try WireEncoding.decodeResponse(ProtoAdminStatusResponse.self, from: body)
    }

    /// Looks at the broker's state until it is so.
    func wait(until isSo: (ProtoAdminStatusResponse) -> Bool) throws {
        let end = ContinuousClock.now + patience
        while ContinuousClock.now < end {
            if isSo(try status()) { return }
        }
        throw NeverHeard()
    }
}

/// A worker that does what a test says.
struct RawWorker: ~Copyable {
    let peer: Peer

    /// In session when it returns.
    init(
        _ context: Context, _ broker: BrokerServer, _ name: String, credits: UInt32 = 1,
        encoding: WireEncoding = .protobuf, images: WireImageLimits = WireImageLimits()
    ) throws {
        let peer = try Peer(context, broker.back)
        let hello = WorkerHello(
            instance: name, name: name, pid: 1, version: "test",
            model: ModelIdentity(name: "m", revision: "r", precision: "f32"), credits: credits,
            imageLimits: images, encoding: encoding)
        try peer.say(WorkerMessage.hello(hello).frames(encoding))
        try peer.hear { frames in
            if case .welcome = try BrokerOrder(frames: frames) { () } else { nil }
        }
        self.peer = peer
    }

    func say(_ message: WorkerMessage) throws { try peer.say(message.frames(.protobuf)) }

    func hear<T>(within limit: Duration = patience, _ pick: (BrokerOrder) -> T?) throws -> T {
        try peer.hear(within: limit) { pick(try BrokerOrder(frames: $0)) }
    }

    func job() throws -> Job {
        try hear { if case .job(let job) = $0 { job } else { nil } }
    }

    func answer(_ job: Job, _ text: String = "{}") throws {
        try say(.result(JobResult(dispatch: job.dispatch, status: .ok, body: Array(text.utf8))))
    }
}
