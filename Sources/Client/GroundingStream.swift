// SPDX-License-Identifier: MIT

public import Grounding
import Wire

/// A task's events as they are found, and its result at the end: one pass, for one reader.
///
/// All events come, whatever was left out on the way: the result says what they would have said. A reader who takes his
/// time holds up nobody. Leaving the loop before its end cancels the call, and so does letting go of a stream that nobody reads.
public struct GroundingStream: AsyncSequence, Sendable {
    public enum Element: Sendable, Hashable {
        case event(GroundingEvent)
        /// The last one.
        case result(GroundingResult)
    }

    let elements: AsyncThrowingStream<Element, any Error>
    /// Called with every event that the reader takes.
    let taken: @Sendable () -> Void
    /// Cancels the call, if it is not over.
    let cancel: @Sendable () -> Void

    public struct AsyncIterator: AsyncIteratorProtocol {
        var elements: AsyncThrowingStream<Element, any Error>.AsyncIterator
        let taken: @Sendable () -> Void
        /// Gone with the loop, though the stream itself may be in scope for longer.
        let reader: Reader

        /// - Throws: the status that the call ended with.
        public mutating func next() async throws -> Element? {
            let element = try await elements.next()
            if case .event = element { taken() }
            return element
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(elements: elements.makeAsyncIterator(), taken: taken, reader: Reader(cancel))
    }

    final class Reader: Sendable {
        private let cancel: @Sendable () -> Void

        init(_ cancel: @escaping @Sendable () -> Void) { self.cancel = cancel }

        deinit { cancel() }
    }
}
