// SPDX-License-Identifier: MIT
public import Grounding
public import Inference
public import Wire

/// What does the work of a worker: an engine, or a fake one in a test.
///
/// It is made, used and dropped on one thread, the engine thread, and need not be safe on any other.
public protocol JobRunner {
    var model: ModelIdentity { get }
    var imageLimits: WireImageLimits { get }
    /// Reads a counter that grows with every bit of work done. Called from another thread while `run` is busy.
    var progress: @Sendable () -> UInt64 { get }

    /// Does one task, to its end or until the flag is raised or its deadline passes.
    ///
    /// - Throws: a status that a worker may make.
    func run(
        id: String, request: TaskRequest, image: [UInt8], cancellation: CancellationFlag
    ) throws(RPCStatus) -> GroundingResult
}
