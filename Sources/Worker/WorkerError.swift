// SPDX-License-Identifier: MIT
public import Wire

/// Why a worker could not go on.
public enum WorkerError: Error, Sendable, CustomStringConvertible {
    /// The engine could not be made; the sentence is its own.
    case engine(String)
    /// The endpoint is none, or libzmq refused it.
    case messaging(String)
    /// The session is over for good: by the broker's word, or because the engine hangs and the process should be
    /// started anew.
    case dismissed(RPCStatus)

    public var description: String {
        switch self {
        case .engine(let message): "the engine did not start: \(message)"
        case .messaging(let message): message
        case .dismissed(let status): "the worker cannot go on: \(status)"
        }
    }
}
