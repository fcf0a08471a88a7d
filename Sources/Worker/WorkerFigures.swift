// SPDX-License-Identifier: MIT
package import Grounding
package import Inference
package import Observability
import Synchronization
package import Wire

/// What a worker has done, counted by the engine's thread and read by the one that has the sockets.
package final class WorkerFigures: Sendable {
    private struct State {
        var jobs: [StatusCode: Int] = [:]
        var stages: [String: Histogram] = [:]
        var engine = EngineCounters()
        var decoded = RateWindow()
    }

    /// Where spans go; `nil`: nowhere.
    package let spans: SpanQueue?
    private let started = ContinuousClock.now
    private let state = Mutex(State())

    package init(spans: SpanQueue? = nil) {
        self.spans = spans
    }

    /// A job has its answer.
    package func ended(_ code: StatusCode) {
        state.withLock { $0.jobs[code, default: 0] += 1 }
    }

    /// What an answered job took, in milliseconds; a stage that it did not have took nothing.
    package func took(_ timing: Timing) {
        let stages = [timing.decodeImage, timing.vision, timing.prefill, timing.generate]
        state.withLock { state in
            for (stage, milliseconds) in zip(MetricLabels.stages, stages) where milliseconds > 0 {
                state.stages[stage, default: Histogram()].observe(milliseconds / 1000)
            }
        }
    }

    package func engineDid(_ counters: EngineCounters) {
        let now = started.duration(to: .now)
        state.withLock { state in
            let decoded = counters.decodedTokens - state.engine.decodedTokens
            if decoded > 0 { state.decoded.add(decoded, at: now) }
            state.engine = counters
        }
    }

    /// - Parameter brokers: how many there are in each state.
    package func snapshot(brokers: [String: Int], version: String) -> MetricSnapshot {
        let state = state.withLock { $0 }
        let now = started.duration(to: .now)
        var snapshot = MetricSnapshot()
        snapshot.mention(.workerJobs)
        for (code, count) in state.jobs { snapshot.set(.workerJobs, [code.name], to: count) }
        snapshot.mention(.workerStageDuration)
        for (stage, histogram) in state.stages { snapshot.set(.workerStageDuration, [stage], to: histogram) }
        snapshot.fill(state.engine)
        snapshot.set(.workerTokensPerSecond, to: state.decoded.perSecond(at: now))
        snapshot.set(.workerBrokers, by: brokers)
        snapshot.describeProcess(version: version, role: .worker, spansDropped: spans?.dropped ?? 0)
        return snapshot
    }
}

extension WorkerFigures {
    func report(
        _ question: ServiceQuestion, isReady: Bool, _ brokers: [String: Int], _ configuration: WorkerConfiguration
    ) -> ServiceReport {
        var report = ServiceReport(isReady: isReady)
        if question.wantsMetrics { report.metrics = snapshot(brokers: brokers, version: configuration.version) }
        return report
    }
}

extension MetricSnapshot {
    fileprivate mutating func fill(_ engine: EngineCounters) {
        var sizes = Histogram(Histogram.batchSizes)
        for (index, steps) in engine.stepsBySequences.enumerated() {
            sizes.observe(Double(index + 1), times: UInt64(steps))
        }
        set(.workerBatchSize, to: sizes)
        set(.workerSteps, to: engine.steps)
        set(.workerPictureHits, to: engine.pictureHits)
        set(.workerPictureMisses, to: engine.pictureMisses)
        set(.workerPromptTokens, to: engine.promptTokens)
        set(.workerGeneratedTokens, to: engine.generatedTokens)
        set(.workerMalformedSequences, to: engine.malformedSequences)
    }
}
