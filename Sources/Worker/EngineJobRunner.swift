// SPDX-License-Identifier: MIT
public import Grounding
import Imaging
public import Inference
import Kosmos2
public import Wire

/// Lets an engine do a worker's jobs.
public struct EngineJobRunner: JobRunner {
    private let engine: Engine

    public init(_ engine: Engine) {
        self.engine = engine
    }

    public var model: ModelIdentity { engine.identity }

    public var imageLimits: WireImageLimits {
        let limits = engine.limits.image
        return WireImageLimits(
            maxBytes: UInt32(clamping: limits.maxBytes), maxPixels: UInt32(clamping: limits.maxPixels),
            maxSide: UInt32(clamping: limits.maxSide))
    }

    public var progress: @Sendable () -> UInt64 {
        let progress = engine.model.progress
        return { progress.value }
    }

    public func run(
        id: String, request: TaskRequest, image: [UInt8], cancellation: CancellationFlag
    ) throws(RPCStatus) -> GroundingResult {
        do throws(TaskError) {
            return try engine.run(
                id: id, task: request.task, options: request.options, image: image, cancellation: cancellation)
        } catch {
            throw RPCStatus(error)
        }
    }
}

extension RPCStatus {
    /// What a client hears of an engine's error.
    public init(_ error: TaskError) {
        let code: StatusCode =
            switch error.code {
            case .invalidArgument: .invalidArgument
            case .cancelled: .cancelled
            case .deadlineExceeded: .deadlineExceeded
            case .resourceExhausted: .resourceExhausted
            case .failedPrecondition: .failedPrecondition
            default: .internal
            }
        self.init(code, error.message, violations: error.violations.map(\.onTheWire))
    }
}
