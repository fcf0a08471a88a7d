// SPDX-License-Identifier: MIT
import AsyncAlgorithms
import Client
import Hummingbird
import NIOCore
import Wire

/// Writes a call's events as they are found, as server-sent events (the HTML standard, section 9.2).
struct EventStreamWriter: Sendable {
    private enum Item: Sendable {
        case element(GroundingStream.Element)
        /// Nothing was found for a while.
        case pause
    }

    private let call: TaskCall

    init(_ call: TaskCall) { self.call = call }

    /// Ends with a result or an error; how the call ended is no failure of the writing.
    func write(to writer: inout any ResponseBodyWriter) async throws {
        let elements = call.events.map { Item.element($0) }
        let pauses = AsyncTimerSequence(interval: GatewayLimits.commentPause, clock: .continuous).map { _ in Item.pause
        }
        do {
            for try await item in merge(elements, pauses) {
                switch item {
                case .pause: try await writer.write(ByteBuffer(string: ": still here\n\n"))
                case .element(.event(let event)):
                    try await writer.write(Self.message("entity", ResultJSON.compact(event)))
                case .element(.result(let result)):
                    try await writer.write(Self.message("result", ResultJSON.compact(result)))
                    return
                }
            }
        } catch let status as RPCStatus {
            try await writer.write(Self.message("error", Problem(status).json))
        }
    }

    /// - Parameter json: on one line.
    static func message(_ event: String, _ json: String) -> ByteBuffer {
        ByteBuffer(string: "event: \(event)\ndata: \(json)\n\n")
    }
}
