// SPDX-License-Identifier: MIT
import Dispatch
import Foundation
import Grounding
package import Inference
import Synchronization
package import Wire
import Worker

/// An engine in this process, on a thread of its own, with several pictures side by side.
package final class EngineAnswerer: BatchAnswerer {
    private struct Job: Sendable {
        let request: TaskRequest
        let image: [UInt8]
        let flag: CancellationFlag
        let answer: CheckedContinuation<Result<GroundingResult, TaskError>, Never>
    }

    private let timeout: Duration?
    private let waiting = Mutex<[Job]>([])
    /// Counts those who wait, and one more at the end.
    private let arrivals = DispatchSemaphore(value: 0)

    private init(timeout: Duration?) { self.timeout = timeout }

    /// Makes the engine.
    /// - Parameter make: is called on the engine's thread.
    package static func open(
        timeout: Duration?, _ make: @escaping @Sendable () throws(CommandFailure) -> Engine
    ) async throws -> EngineAnswerer {
        let answerer = EngineAnswerer(timeout: timeout)
        try await withCheckedThrowingContinuation { (opened: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread {
                do throws(CommandFailure) {
                    let engine = try make()
                    opened.resume()
                    answerer.work(engine)
                } catch {
                    opened.resume(throwing: error)
                }
            }
        }
        return answerer
    }

    /// Ends the thread once nothing waits.
    package func close() { arrivals.signal() }

    package func answer(_ request: TaskRequest, _ image: [UInt8], pixels: Int) async -> BatchEnding {
        let flag = CancellationFlag(deadline: timeout.map { .now + $0 })
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiting.withLock {
                    $0.append(Job(request: request, image: image, flag: flag, answer: continuation))
                }
                arrivals.signal()
            }
        } onCancel: {
            flag.cancel()
        }
        switch outcome {
        case .success(let result): return .result(result)
        case .failure where flag.isCancelled: return .stopped
        case .failure(let error): return .failed(RPCStatus(error))
        }
    }

    private func work(_ engine: Engine) {
        var open: [JobTicket: CheckedContinuation<Result<GroundingResult, TaskError>, Never>] = [:]
        while true {
            while open.count < WorkerConfiguration.defaultSlots, let job = next(waits: open.isEmpty) {
                let ticket = engine.submit(
                    id: "local", task: job.request.task, options: job.request.options, image: job.image,
                    cancellation: job.flag)
                open[ticket] = job.answer
            }
            guard !open.isEmpty else { return }
            for ended in engine.advance() {
                open.removeValue(forKey: ended.ticket)?.resume(returning: ended.outcome)
            }
        }
    }

    /// - Returns: `nil` at the end, and where nobody waits.
    private func next(waits: Bool) -> Job? {
        if waits {
            arrivals.wait()
        } else if arrivals.wait(timeout: .now()) != .success {
            return nil
        }
        return waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
