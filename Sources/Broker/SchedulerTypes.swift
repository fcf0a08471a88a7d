// SPDX-License-Identifier: MIT

/// A call, by a number that the broker never uses twice.
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

/// A client's connection.
public struct ClientID: Hashable, Sendable {
    public let bytes: [UInt8]

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }
}

/// One handing-over of a call; late messages of an earlier one are told by it.
public struct Attempt: Hashable, Sendable {
    public var call: CallID
    /// 1 for the first.
    public var number: Int

    public init(call: CallID, number: Int) {
        self.call = call
        self.number = number
    }
}

/// What the scheduler asks the loop to do.
public enum SchedulerAction: Hashable, Sendable {
    /// Send the call to the worker.
    case dispatch(Attempt, to: WorkerID)
    /// Tell the worker to stop working on it.
    case cancel(Attempt, at: WorkerID)
    /// Answer the caller; the call is gone.
    case end(CallID, CallEnding, attempts: Int)
    /// End the worker's session.
    case expel(WorkerID, WorkerLoss)
}

/// How a call ends when no worker's answer ends it.
public enum CallEnding: Hashable, Sendable {
    case deadlineExceeded
    case cancelled
    /// The caller is gone: there is nobody to answer.
    case abandoned
    case noWorker(retryAfter: Duration)
    case queueFull(retryAfter: Duration)
    /// Larger than the whole budget: never to be had.
    case tooLarge(limit: Int)
    case draining
    /// Workers were lost over it, so many times.
    case poison(losses: Int)
}

/// Why a worker's session ended.
public enum WorkerLoss: String, Hashable, Sendable {
    case silent, stuck, replaced
    /// By its own word.
    case left
    /// Its connection is gone.
    case unreachable
    /// Its RESULT could not be read: whose it was cannot be told.
    case illegible
    /// Its key is not let in any more.
    case revoked
}

/// Numbers that only grow.
public struct SchedulerCounters: Hashable, Sendable {
    public var accepted = 0
    public var refused = 0
    public var finished = 0
    public var deadlines = 0
    public var cancelled = 0
    public var poisoned = 0
    public var dispatched = 0
    public var redelivered = 0
    /// Messages of attempts that did not count any more.
    public var late = 0
    public var workersLost = 0

    public init() {}
}
