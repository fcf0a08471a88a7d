// SPDX-License-Identifier: MIT

/// How many pictures are worked on at a time, and how many bytes they have. A pure value.
package struct BatchFlow: Sendable, Hashable {
    package let limit: Int
    package let byteLimit: Int
    package private(set) var count = 0
    package private(set) var bytes = 0

    package init(limit: Int, byteLimit: Int) {
        precondition(limit > 0 && byteLimit > 0, "a flow of \(limit) pictures and \(byteLimit) bytes")
        self.limit = limit
        self.byteLimit = byteLimit
    }

    /// Whether a picture of so many bytes may be read now. One alone always may.
    package func hasRoom(for size: Int) -> Bool {
        count == 0 || (count < limit && size <= byteLimit - bytes)
    }

    package mutating func begin(_ size: Int) {
        (count, bytes) = (count + 1, bytes + size)
    }

    package mutating func end(_ size: Int) {
        precondition(count > 0 && bytes >= size, "ended a picture of \(size) bytes that had not begun")
        (count, bytes) = (count - 1, bytes - size)
    }
}

/// When something is asked again: twice as long each time, for as long as there is patience. A pure value.
package struct BatchPatience: Sendable, Hashable {
    private static let first = Duration.milliseconds(250)
    private static let longest = Duration.seconds(8)

    private let total: Duration
    private var next = Self.first

    package init(_ total: Duration) { self.total = total }

    /// - Parameters:
    ///   - waited: since the first answer that was none.
    ///   - asked: what the service asks for; it goes before ours.
    /// - Returns: how long to wait; `nil` to give up.
    package mutating func pause(after waited: Duration, asked: Duration?) -> Duration? {
        let pause = asked ?? next
        next = min(next * 2, Self.longest)
        return waited + pause <= total ? pause : nil
    }
}
