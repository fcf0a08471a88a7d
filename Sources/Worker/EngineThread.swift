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
    case finished(JobResult)
}

/// What a worker says about its engine in HELLO, and reads for its beats.
struct EngineFacts: Sendable {
    let model: ModelIdentity
    let imageLimits: WireImageLimits
    let progress: @Sendable () -> UInt64
}

/// The thread that makes the runner, runs all jobs in turn, and never touches a socket.
struct EngineThread {
    private let ended = DispatchSemaphore(value: 0)

    init(
        line: JobLine, makeRunner: @escaping @Sendable () throws -> any JobRunner,
        report: @escaping @Sendable (EngineReport) -> Void
    ) {
        _ = DedicatedThread(name: "boxwood-engine") { [ended] in
            defer { ended.signal() }
            do {
                let runner = try makeRunner()
                report(.ready(EngineFacts(runner)))
                Self.work(JobExecutor(runner: runner), line, report)
            } catch {
                report(.failed("\(error)"))
            }
        }
    }

    /// Waits for the thread to end; false when it hangs in a job.
    func join(within seconds: Double) -> Bool {
        ended.wait(timeout: .now() + seconds) == .success
    }

    private static func work(_ executor: JobExecutor, _ line: JobLine, _ report: (EngineReport) -> Void) {
        while let (job, cancellation) = line.next() {
            // A job that is refused before it begins was never started.
            if cancellation.refusal(at: .now) == nil { report(.started(job.dispatch)) }
            let result = executor.execute(job, cancellation: cancellation, at: .now)
            line.forget(job.dispatch)
            report(.finished(result))
        }
    }
}

extension EngineFacts {
    init(_ runner: any JobRunner) {
        self.init(model: runner.model, imageLimits: runner.imageLimits, progress: runner.progress)
    }
}
