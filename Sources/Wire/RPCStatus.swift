// SPDX-License-Identifier: MIT
public import Grounding

/// The end of a call: a code, a sentence for people and typed details for programs.
public struct RPCStatus: Error, Sendable, Hashable, CustomStringConvertible {
    public var code: StatusCode
    public var message: String
    /// Which fields of the request body are wrong, by their path.
    public var violations: [FieldViolation]
    /// When it makes sense to try again; `nil` where nobody knows.
    public var retryDelayMilliseconds: UInt32?
    /// The cause in a word that never changes.
    public var reason: Reason?
    /// Facts that belong to `reason`; units stand in the key.
    public var reasonMetadata: [String: String]

    public init(
        _ code: StatusCode, _ message: String = "", violations: [FieldViolation] = [],
        retryDelayMilliseconds: UInt32? = nil, reason: Reason? = nil, reasonMetadata: [String: String] = [:]
    ) {
        self.code = code
        self.message = message
        self.violations = violations
        self.retryDelayMilliseconds = retryDelayMilliseconds
        self.reason = reason
        self.reasonMetadata = reasonMetadata
    }

    public static let ok = RPCStatus(.ok)

    public var isOK: Bool { code == .ok }

    public var description: String {
        let head = message.isEmpty ? code.name : "\(code.name): \(message)"
        return ([head] + violations.map { "\($0.field) \($0.description)" }).joined(separator: "; ")
    }

    /// This status, or UNKNOWN in its place where none of these may make its code.
    public func checked(madeBy makers: StatusCode.Maker...) -> RPCStatus {
        guard !makers.contains(where: code.mayBeMade) else { return self }
        let who = makers.map(\.rawValue).joined(separator: " or ")
        return RPCStatus(
            .unknown, "the \(who) answered \(code.name), which is not its to say: \(message)",
            reason: .foreignStatus, reasonMetadata: ["code": code.name])
    }
}

extension RPCStatus {
    /// A cause with a stable name; new ones come with new versions.
    public struct Reason: Sendable, Hashable, RawRepresentable {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        public static let unsupportedVersion = Reason(rawValue: "UNSUPPORTED_VERSION")
        public static let unknownKind = Reason(rawValue: "UNKNOWN_KIND")
        public static let unknownMethod = Reason(rawValue: "UNKNOWN_METHOD")
        public static let malformedFrames = Reason(rawValue: "MALFORMED_FRAMES")
        public static let malformedHeader = Reason(rawValue: "MALFORMED_HEADER")
        public static let malformedBody = Reason(rawValue: "MALFORMED_BODY")
        public static let tooLarge = Reason(rawValue: "TOO_LARGE")
        public static let queueFull = Reason(rawValue: "QUEUE_FULL")
        public static let noWorker = Reason(rawValue: "NO_WORKER")
        public static let noBroker = Reason(rawValue: "NO_BROKER")
        public static let draining = Reason(rawValue: "DRAINING")
        public static let poisonJob = Reason(rawValue: "POISON_JOB")
        public static let foreignStatus = Reason(rawValue: "FOREIGN_STATUS")
        public static let noTime = Reason(rawValue: "NO_TIME")
        public static let keyReused = Reason(rawValue: "KEY_REUSED")
        /// The role of the peer's key may not do this.
        public static let role = Reason(rawValue: "ROLE")
        /// The peer's key is not authorized.
        public static let key = Reason(rawValue: "KEY")
        public static let noJournal = Reason(rawValue: "NO_JOURNAL")
        public static let noJob = Reason(rawValue: "NO_JOB")
        public static let storageFull = Reason(rawValue: "STORAGE_FULL")
        public static let storageFailed = Reason(rawValue: "STORAGE_FAILED")
        /// Several workers have the name.
        public static let ambiguousWorker = Reason(rawValue: "AMBIGUOUS_WORKER")
        public static let noCredit = Reason(rawValue: "NO_CREDIT")
    }
}
