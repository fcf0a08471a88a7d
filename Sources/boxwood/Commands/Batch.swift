// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Client
import Foundation
import Observability
import ObservabilityHTTP
import Wire

struct Batch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Do a task on each of many pictures.",
        discussion: """
            boxwood batch photos --task detect --label dog --label cat --out results.jsonl

            INPUT is a folder, a picture, a list of pictures (.jsonl) or an archive (.tar). Each picture's result or error \
            is a line of the output; what was killed or stopped goes on with --resume.
            """)

    @Argument(help: ArgumentHelp("Folders, pictures, lists (.jsonl) and archives (.tar).", valueName: "input"))
    var inputs: [String]
    @OptionGroup(title: "Task options") var task: BatchTaskOptions
    @OptionGroup(title: "Output options") var output: BatchOutputOptions
    @OptionGroup(title: "Run options") var pace: BatchFlowOptions
    @OptionGroup(title: "Service options") var service: ServiceOptions
    @OptionGroup(title: "Generation options") var generation: DecodingOptions

    func run() async throws {
        let plan = try BatchListing.plan(inputs, task.words(), try generation.options(threshold: nil))
        try output.format.check(output.out, plan)
        let drawings = try output.draw.map { folder throws(CommandFailure) in
            try DrawingFolder.files(folder, plan, inputs: inputs)
        }
        var point = ResumePoint(plan)
        let log = try BatchLog(output.format.log(for: output.out), mode, &point)
        say(of: point)
        let total = plan.items.count
        let progress = BatchProgress(
            BatchStatus(total: total, resumed: point.done.count), isQuiet: output.quiet)
        do {
            let wasStopped = try await work(plan, point, log, progress, drawings)
            if !wasStopped { try output.format.write(log, plan, to: output.out) }
            try finish(progress, wasStopped: wasStopped)
        } catch let failure as CommandFailure where failure.status != .interrupted && failure.status != .someFailed {
            let (status, summary) = progress.finish()
            if status.done + status.failed > 0 { say(summary) }
            throw CommandFailure(
                failure.status, failure.message,
                hint: [failure.hint, "What is done is in \(log.path); go on with --resume."]
                    .compactMap { $0 }.joined(separator: "\n"))
        }
    }

    private var mode: BatchLog.Mode { output.resume ? .resume : output.overwrite ? .overwrite : .new }

    private func work(
        _ plan: BatchPlan, _ point: ResumePoint, _ log: BatchLog, _ progress: BatchProgress, _ drawings: [String]?
    ) async throws -> Bool {
        guard point.done.count < plan.items.count else { return false }
        OpenFiles.allow(4 * pace.inFlight + 256)
        let (answerer, close) = try await answerer()
        let batch = BatchRun(
            plan, done: point.done, answerer: answerer, log: log, flow: pace.flow, progress: progress,
            drawings: drawings)
        let stop = Task { [signals = StopSignals(), stopper = batch.stopper] in
            await signals.first()
            stopper()
        }
        defer { stop.cancel() }
        // All calls belong to the trace that the program was started in.
        let outcome = await TraceContext.$current.withValue(TraceOptions.parent) { await batch.outcome() }
        await close()
        return try outcome.get()
    }

    /// A service, or an engine of our own; and what ends it.
    private func answerer() async throws -> (any BatchAnswerer, () async -> Void) {
        guard service.local else {
            let exporter = try service.trace.start("boxwood-client", LogOptions.quiet("client"))
            let client = try BoxwoodClient.connect(service.address, service.at.keys, spans: exporter?.queue)
            let answerer = ServiceAnswerer(
                client, address: service.address, timeout: service.timeout?.duration ?? BatchLimits.timeout,
                patience: pace.patience?.duration ?? BatchLimits.patience)
            return (
                answerer,
                {
                    await Blocking.run { client.closeAndWait() }
                    await exporter?.stop()
                }
            )
        }
        let folder = try Program.modelFolder(named: service.model.model)
        let options = service.model.engine(threads: Program.processors)
        let loading = ProgressLine("loading the model")
        defer { loading.finish() }
        let answerer = try await EngineAnswerer.open(timeout: service.timeout?.duration) { () throws(CommandFailure) in
            try LocalService.engine(folder, options, loading)
        }
        return (answerer, { answerer.close() })
    }

    private func finish(_ progress: BatchProgress, wasStopped: Bool) throws(CommandFailure) {
        let (status, summary) = progress.finish()
        say(summary)
        if wasStopped {
            throw CommandFailure(.interrupted, "stopped with \(status.left) pictures left; go on with --resume")
        }
        guard status.failed > 0 else { return }
        throw CommandFailure(
            .someFailed, "\(status.failed) of \(status.total) pictures failed; --resume tries them again")
    }

    private func say(of point: ResumePoint) {
        guard output.resume else { return }
        var parts = ["\(point.done.count) pictures are done", "\(point.retried) that failed are tried again"]
        if point.others > 0 { parts.append("\(point.others) lines are of other pictures") }
        if point.strange > 0 { parts.append("\(point.strange) lines cannot be read and are left alone") }
        say([parts.joined(separator: ", ")])
    }

    private func say(_ lines: [String]) {
        if !output.quiet { StandardStream.error.print(lines) }
    }
}
