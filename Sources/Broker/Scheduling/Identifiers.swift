// SPDX-License-Identifier: MIT

/// A call, by a number that the broker never uses twice and that grows with every call.
public struct CallID: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let number: UInt64

    public init(_ number: UInt64) {
        self.number = number
    }

    public static func < (a: CallID, b: CallID) -> Bool { a.number < b.number }
    public var description: String { "\(number)" }
}

/// A worker's session; a worker that says HELLO again is another one.
public struct WorkerID: Hashable, Sendable, CustomStringConvertible {
    public let number: UInt64

    public init(_ number: UInt64) {
        self.number = number
    }

    public var description: String { "w\(number)" }
}

/// A client's connection, or whoever is behind several of them.
public struct ClientID: Hashable, Sendable {
    public let bytes: [UInt8]

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }
}

/// One handing-over of a call's work; late messages of an earlier one are told by it.
public struct Attempt: Hashable, Sendable, CustomStringConvertible {
    /// The call that the work began with.
    public var call: CallID
    /// 1 for the first.
    public var number: Int

    public init(call: CallID, number: Int) {
        self.call = call
        self.number = number
    }

    public var description: String { "\(call)/\(number)" }
}

/// A picture, by a hash of its bytes. Two pictures under one key cost a cache its hits, and nobody an answer.
public struct PictureKey: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// Calls under one key are one: the later ones get the answer of the first.
public struct IdempotencyKey: Hashable, Sendable {
    /// Whose key it is: equal keys of different callers have nothing to do with each other.
    public var scope: [UInt8]
    public var text: String

    public init(scope: [UInt8] = [], _ text: String) {
        self.scope = scope
        self.text = text
    }
}
