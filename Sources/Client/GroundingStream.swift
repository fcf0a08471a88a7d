// SPDX-License-Identifier: MIT

public import Grounding
import Wire

/// A task's events as they are found, and its result at the end: one pass, for one reader.
///
/// All events come, whatever was left out on the way: the result says what they would have said. A reader who takes his
/// time holds up nobody. Letting go of the stream before its end cancels the call.
public struct GroundingStream: AsyncSequence, Sendable {
    public enum Element: Sendable, Hashable {
        case event(GroundingEvent)
        /// The last one.
        case result(GroundingResult)
    }

    let elements: AsyncThrowingStream<Element, any Error>
    /// Called with every event that the reader takes.
    let taken: @Sendable () -> Void

    public struct AsyncIterator: AsyncIteratorProtocol {
        var elements: AsyncThrowingStream<Element, any Error>.AsyncIterator
        let taken: @Sendable () -> Void

        /// - Throws: the status that the call ended with.
        public mutating func next() async throws -> Element? {
            let element = try await elements.next()
            if case .event = element { taken() }
            return element
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(elements: elements.makeAsyncIterator(), taken: taken)
    }
}
