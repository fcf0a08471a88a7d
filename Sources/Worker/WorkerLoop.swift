// SPDX-License-Identifier: MIT
public import Inference
public import Logging
import Messaging
public import Observability
import Synchronization
import Wire

/// A worker: joins a broker, has its jobs run by an engine, answers.
///
/// The thread that calls ``run()`` owns the socket and beats; the engine has a thread of its own, so that a long or
/// hung job never looks like a dead worker.
public final class WorkerLoop: Sendable {
    enum Mail: Sendable {
        case engine(EngineReport)
        case stop
        case report(ServiceQuestion)
    }

    private let configuration: WorkerConfiguration
    private let makeRunner: @Sendable () throws -> any JobRunner
    private let signs: WorkerSigns
    private let logger: Logger
    private let mailbox = Mailbox<Mail>()
    private let latest = Mutex(WorkerSession.Counters())
    private let figures: WorkerFigures

    /// - Parameters:
    ///   - spans: where the spans of jobs go; `nil`: nowhere.
    ///   - makeRunner: called once, on the engine thread, where the runner then lives.
    public init(
        _ configuration: WorkerConfiguration, signs: WorkerSigns = WorkerSigns(), logger: Logger,
        spans: SpanQueue? = nil,
        makeRunner: @escaping @Sendable () throws -> any JobRunner
    ) {
        self.configuration = configuration
        self.signs = signs
        self.logger = logger
        figures = WorkerFigures(spans: spans)
        self.makeRunner = makeRunner
    }

    /// A worker for a model in a folder.
    public convenience init(
        _ configuration: WorkerConfiguration, modelFolder: String, engine options: EngineOptions,
        signs: WorkerSigns = WorkerSigns(), logger: Logger, spans: SpanQueue? = nil
    ) {
        self.init(configuration, signs: signs, logger: logger, spans: spans) {
            var announced = -1
            let engine = try Engine(modelFolder: modelFolder, options: options) { done, total in
                // Every tenth is enough for a log.
                guard done * 10 / total > announced else { return }
                announced = done * 10 / total
                logger.info("quantising the weights, once", metadata: ["done": "\(done * 100 / total) %"])
            }
            return EngineJobRunner(engine)
        }
    }

    /// Takes no more jobs, hands back those not begun, finishes the running ones within the grace, and lets ``run()``
    /// return. From any thread, any number of times.
    public func stop() {
        mailbox.post(.stop)
    }

    /// Asks the loop about itself; where it is stuck or over, no answer comes. Ready is a worker that is in session with a
    /// broker.
    public func report(_ question: ServiceQuestion) {
        mailbox.post(.report(question))
    }

    /// What went wrong or came late so far.
    package var counters: WorkerSession.Counters { latest.withLock { $0 } }

    /// Works until ``stop()`` or until the broker sends the worker away; blocks its thread.
    ///
    /// An engine that hangs is left behind on its thread when the grace is over.
    public func run() throws(WorkerError) {
        let line = JobLine()
        let engine = EngineThread(
            line: line, slots: Int(configuration.slots), figures: figures, makeRunner: makeRunner
        ) { [mailbox] in
            mailbox.post(.engine($0))
        }
        defer { end(engine, line) }
        guard let facts = try awaitEngine() else { return }
        signs.ready()
        let failure: WorkerError?
        do throws(MessagingError) {
            var dialogue = try WorkerDialogue(
                configuration, facts: facts, figures: figures, line: line, logger: logger)
            failure = try dialogue.run(mailbox, alive: signs.alive) { counters in latest.withLock { $0 = counters } }
        } catch {
            throw .messaging(error.message)
        }
        if let failure { throw failure }
    }

    private func end(_ engine: EngineThread, _ line: JobLine) {
        line.close()
        if !engine.join(within: Self.engineGrace) { logger.warning("the engine thread hangs and is left behind") }
    }

    /// How long the engine thread may take to end, in seconds.
    private static let engineGrace = 2.0

    /// Waits until the engine is ready; `nil` when the worker was stopped before.
    private func awaitEngine() throws(WorkerError) -> EngineFacts? {
        while true {
            for mail in mailbox.takeAll() {
                switch mail {
                case .engine(.ready(let facts)): return facts
                case .engine(.failed(let message)): throw .engine(message)
                case .engine: break
                case .stop: return nil
                case .report(let question):
                    let brokers = ["waiting": configuration.endpoints.count]
                    question.answer(figures.report(question, isReady: false, brokers, configuration))
                }
            }
            do {
                _ = try Poller.wait([mailbox.pollItem], timeout: nil)
            } catch {
                throw .messaging(error.message)
            }
        }
    }
}
