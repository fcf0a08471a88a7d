// SPDX-License-Identifier: MIT
import Grounding
import Wire

/// A task on each of many pictures: reads them when there is room, has them answered side by side and writes each outcome as it comes.
package final class BatchRun {
    private enum Event: Sendable {
        case ended(Int, size: Int, BatchEnding)
        case stop
        case graceIsOver
    }

    private let plan: BatchPlan
    private let answerer: any BatchAnswerer
    private let log: BatchLog
    private let progress: BatchProgress
    /// Where the boxes of each picture are drawn.
    private let drawings: [String]?
    private let grace: Duration
    private let events = AsyncStream.makeStream(of: Event.self)
    private var flow: BatchFlow
    private var pending: ArraySlice<Int>
    private var tasks: [Int: Task<Void, Never>] = [:]
    private var isStopping = false
    /// Whether a picture was begun that has neither a result nor an error.
    private var hasLost = false
    private var failure: CommandFailure?

    /// - Parameters:
    ///   - drawings: a file for each picture of the plan; `nil`: none is drawn.
    ///   - grace: what is under way has so long to end once the run is stopped.
    package init(
        _ plan: BatchPlan, done: Set<String>, answerer: any BatchAnswerer, log: BatchLog, flow: BatchFlow,
        progress: BatchProgress, drawings: [String]? = nil, grace: Duration = BatchLimits.grace
    ) {
        self.plan = plan
        self.answerer = answerer
        self.log = log
        self.flow = flow
        self.progress = progress
        self.drawings = drawings
        self.grace = grace
        pending = plan.items.indices.filter { !done.contains(plan.items[$0].key) }[...]
    }

    /// A function that has the run end: nothing more is begun, and what is under way has its grace.
    package var stopper: @Sendable () -> Void {
        let continuation = events.continuation
        return { continuation.yield(.stop) }
    }

    /// Until all pictures have ended, or the run as a whole has.
    /// - Returns: whether it was stopped with something left to do.
    /// - Throws: what ended the run; the file of results has all that ended before.
    package func run() async throws(CommandFailure) -> Bool {
        fill()
        if !tasks.isEmpty {
            for await event in events.stream {
                take(event)
                fill()
                if tasks.isEmpty { break }
            }
        }
        if let failure { throw failure }
        try log.sync()
        return isStopping && (hasLost || !pending.isEmpty)
    }

    /// The same as a value.
    package func outcome() async -> Result<Bool, CommandFailure> {
        do throws(CommandFailure) {
            return .success(try await run())
        } catch {
            return .failure(error)
        }
    }

    private func take(_ event: Event) {
        switch event {
        case .ended(let index, let size, let ending):
            tasks[index] = nil
            flow.end(size)
            end(plan.items[index], ending)
        case .stop:
            guard !isStopping else { return }
            isStopping = true
            let (continuation, grace) = (events.continuation, grace)
            Task.detached {
                try? await Task.sleep(for: grace)
                continuation.yield(.graceIsOver)
            }
        case .graceIsOver: for task in tasks.values { task.cancel() }
        }
    }

    /// Begins what there is room for.
    private func fill() {
        while !isStopping, failure == nil, let index = pending.first {
            let size = BatchPicture.size(plan.items[index])
            guard flow.hasRoom(for: size) else { return }
            flow.begin(size)
            pending.removeFirst()
            begin(index, size)
        }
    }

    private func begin(_ index: Int, _ size: Int) {
        let item = plan.items[index]
        let turn = BatchTurn(
            item: item, request: plan.requests[item.request], answerer: answerer, drawing: drawings?[index])
        let sink = events.continuation
        tasks[index] = turn.begin { sink.yield(.ended(index, size: size, $0)) }
    }

    private func end(_ item: BatchItem, _ ending: BatchEnding) {
        let digest = plan.digests[item.request]
        switch ending {
        case .stopped: hasLost = true
        case .fatal(let failure): give(up: failure)
        case .result(let result):
            write(BatchLine.text(key: item.key, request: digest, .success(result))) { progress.succeeded() }
        case .failed(let status):
            write(BatchLine.text(key: item.key, request: digest, .failure(status))) {
                progress.failed(item.key, status)
            }
        }
    }

    private func write(_ line: String, then count: () -> Void) {
        // A line after one that could not be written would hide that one is missing.
        guard failure == nil || failure?.status != .inputOutput else { return }
        do throws(CommandFailure) {
            try log.append(line)
            count()
        } catch {
            give(up: error)
        }
    }

    private func give(up failure: CommandFailure) {
        guard self.failure == nil else { return }
        self.failure = failure
        for task in tasks.values { task.cancel() }
    }
}
