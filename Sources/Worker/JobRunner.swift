// SPDX-License-Identifier: MIT
public import Grounding
public import Inference
public import Wire

/// What does the work of a worker: an engine, or a fake one in a test.
///
/// It is made, used and dropped on one thread, the engine thread, and need not be safe on any other.
public protocol JobRunner: AnyObject {
    var model: ModelIdentity { get }
    var imageLimits: WireImageLimits { get }
    /// Reads a counter that grows with every bit of work done. Called from another thread while the runner is busy.
    var progress: @Sendable () -> UInt64 { get }
    /// What was done so far.
    var counters: EngineCounters { get }
    /// The stages of a job that has ended; asked for once, after ``advance()`` has told of its end.
    func stages(of job: Dispatch) -> [StageRun]

    /// Takes a job on; ``advance()`` says how it ended.
    func start(_ job: RunnerJob)

    /// Does a bounded slice of the work of all jobs that were started and have not ended, and ends those whose flag is
    /// raised or whose deadline passed.
    /// - Returns: the jobs that have ended, each once, with a result or a status that a worker may make.
    func advance() -> [(job: Dispatch, outcome: Result<GroundingResult, RPCStatus>)]

    /// What is settled of jobs that stream, where that became more with the last slice.
    func news() -> [JobNews]
}

extension JobRunner {
    public func news() -> [JobNews] { [] }
}

/// What is settled of a job's result: its caption and its entities will begin with these.
public struct JobNews {
    public let job: Dispatch
    public let caption: String
    public let entities: [Entity]

    public init(job: Dispatch, caption: String, entities: [Entity]) {
        self.job = job
        self.caption = caption
        self.entities = entities
    }
}

extension JobRunner {
    /// Of a runner that does not count.
    public var counters: EngineCounters { EngineCounters() }
    public func stages(of job: Dispatch) -> [StageRun] { [] }
}

/// A job as a runner sees it.
public struct RunnerJob {
    /// What it is known by until it ends.
    public let dispatch: Dispatch
    /// Repeated in the result.
    public let id: String
    public let request: TaskRequest
    /// The encoded picture.
    public let image: [UInt8]
    /// As the caller sent it.
    public let metadata: [String: String]
    /// Whether ``JobRunner/news()`` is to tell of it.
    public let streams: Bool
    public let cancellation: CancellationFlag
}
