// SPDX-License-Identifier: MIT

/// How a call ended: gRPC's 17 codes under gRPC's numbers.
public enum StatusCode: Int, Sendable, Hashable, CaseIterable {
    case ok = 0
    case cancelled = 1
    case unknown = 2
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case alreadyExists = 6
    case permissionDenied = 7
    case resourceExhausted = 8
    case failedPrecondition = 9
    case aborted = 10
    case outOfRange = 11
    case unimplemented = 12
    case `internal` = 13
    case unavailable = 14
    case dataLoss = 15
    case unauthenticated = 16

    /// The name in the protocol: `INVALID_ARGUMENT`.
    public var name: String {
        switch self {
        case .ok: "OK"
        case .cancelled: "CANCELLED"
        case .unknown: "UNKNOWN"
        case .invalidArgument: "INVALID_ARGUMENT"
        case .deadlineExceeded: "DEADLINE_EXCEEDED"
        case .notFound: "NOT_FOUND"
        case .alreadyExists: "ALREADY_EXISTS"
        case .permissionDenied: "PERMISSION_DENIED"
        case .resourceExhausted: "RESOURCE_EXHAUSTED"
        case .failedPrecondition: "FAILED_PRECONDITION"
        case .aborted: "ABORTED"
        case .outOfRange: "OUT_OF_RANGE"
        case .unimplemented: "UNIMPLEMENTED"
        case .internal: "INTERNAL"
        case .unavailable: "UNAVAILABLE"
        case .dataLoss: "DATA_LOSS"
        case .unauthenticated: "UNAUTHENTICATED"
        }
    }

    /// Who makes a status.
    public enum Maker: String, Sendable, Hashable, CaseIterable {
        case client, broker, worker
    }

    /// Whether that side may make this code, by the table of `protocol/README.md`.
    ///
    /// The split is gRPC's (statuscodes.md): what only an application can know, only the worker says; what only the
    /// transport can know, it never says.
    public func mayBeMade(by maker: Maker) -> Bool {
        switch self {
        case .cancelled, .deadlineExceeded, .resourceExhausted, .internal: true
        case .ok, .unknown, .unimplemented, .notFound: maker != .client
        case .unavailable, .unauthenticated: maker != .worker
        case .permissionDenied: maker == .broker
        // INVALID_ARGUMENT only for the methods of Jobs, where the broker is the application.
        case .invalidArgument, .failedPrecondition, .dataLoss: maker != .client
        case .alreadyExists, .aborted, .outOfRange: maker == .worker
        }
    }
}
