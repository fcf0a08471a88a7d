// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Foundation
import Grounding
import Inference
import Wire
import Worker

/// Answers in this process: loads the model, runs one task, is done.
struct LocalService {
    private let options: ServiceOptions
    private let picture: String
    private let progress: ProgressLine

    /// - Parameter picture: what the picture is called in an error.
    init(_ options: ServiceOptions, picture: String, progress: ProgressLine) {
        self.options = options
        self.picture = picture
        self.progress = progress
    }

    func run(
        _ request: TaskRequest, _ image: [UInt8], onEvent: (@Sendable (GroundingEvent) -> Void)?
    ) async throws -> GroundingResult {
        let folder = try Program.modelFolder(named: options.model.model)
        let engineOptions = options.model.engine(threads: Program.processors)
        let flag = CancellationFlag(deadline: options.timeout.map { ContinuousClock.now + $0.duration })
        let (progress, picture) = (progress, picture)
        // The engine blocks for as long as it computes, which the threads of Swift's own pool must not.
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result { () throws(CommandFailure) in
                        progress.enter("loading the model")
                        let engine = try Self.engine(folder, engineOptions, progress)
                        progress.enter("\(request.task.name.rawValue) \(picture)")
                        return try Self.run(engine, request, image, flag, onEvent, picture: picture)
                    }.mapError { $0 as any Error })
            }
        }
    }

    private static func run(
        _ engine: Engine, _ request: TaskRequest, _ image: [UInt8], _ flag: CancellationFlag,
        _ onEvent: ((GroundingEvent) -> Void)?, picture: String
    ) throws(CommandFailure) -> GroundingResult {
        do {
            return try engine.run(
                id: "local", task: request.task, options: request.options, image: image, cancellation: flag,
                onEvent: onEvent)
        } catch {
            throw CommandFailure(RPCStatus(error), endpoint: "", picture: picture)
        }
    }

    static func engine(
        _ folder: String, _ options: EngineOptions, _ progress: ProgressLine
    ) throws(CommandFailure) -> Engine {
        do {
            return try Engine(modelFolder: folder, options: options) { done, total in
                progress.enter("quantising the weights, once: \(done * 100 / total) %")
            }
        } catch {
            throw CommandFailure(.badInput, "the model in \(folder) cannot be used: \(error)")
        }
    }
}
