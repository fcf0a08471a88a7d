// SPDX-License-Identifier: MIT
import Dispatch
import Grounding
import Inference
import Messaging
import Wire

/// What the engine thread tells the loop.
enum EngineReport: Sendable {
    case ready(EngineFacts)
    case failed(String)
    case started(Wire.Dispatch)
    case partial(JobPartial)
    case finished(JobResult)
}

/// What a worker says about its engine in HELLO, and reads for its beats.
struct EngineFacts: Sendable {
    let model: ModelIdentity
    let imageLimits: WireImageLimits
    let progress: @Sendable () -> UInt64
}

/// The thread that makes the runner, runs jobs side by side, and never touches a socket.
struct EngineThread {
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameter slots: jobs that run side by side.
    init(
        line: JobLine, slots: Int, figures: WorkerFigures, makeRunner: @escaping @Sendable () throws -> any JobRunner,
        report: @escaping @Sendable (EngineReport) -> Void
    ) {
        _ = DedicatedThread(name: "boxwood-engine") { [ended] in
            defer { ended.signal() }
            do {
                let runner = try makeRunner()
                report(.ready(EngineFacts(runner)))
                Self.work(JobExecutor(runner, figures), line, slots: slots) { result in
                    if case .finished(let result) = result { figures.ended(result.status.code) }
                    report(result)
                }
            } catch {
                report(.failed("\(error)"))
            }
        }
    }

    /// Waits for the thread to end; false when it hangs in a job.
    func join(within seconds: Double) -> Bool {
        ended.wait(timeout: .now() + seconds) == .success
    }

    /// Until the line is closed and all that was begun has ended.
    private static func work(
        _ executor: JobExecutor, _ line: JobLine, slots: Int, _ report: (EngineReport) -> Void
    ) {
        var executor = executor
        func finish(_ result: JobResult) {
            line.forget(result.dispatch)
            report(.finished(result))
        }
        while true {
            while executor.count < slots, let (job, cancellation) = line.next(waits: executor.count == 0) {
                // A job that is refused before it begins was never started.
                if cancellation.refusal(at: .now) == nil { report(.started(job.dispatch)) }
                executor.start(job, cancellation: cancellation, at: .now).map(finish)
            }
            guard executor.count > 0 else { return }
            for event in executor.advance() {
                switch event {
                case .partial(let partial): report(.partial(partial))
                case .result(let result): finish(result)
                }
            }
        }
    }
}

extension EngineFacts {
    init(_ runner: any JobRunner) {
        self.init(model: runner.model, imageLimits: runner.imageLimits, progress: runner.progress)
    }
}
