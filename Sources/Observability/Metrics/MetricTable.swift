// SPDX-License-Identifier: MIT

// What each metric is: kind, unit, meaning, labels with all their values.
extension Metric {
    public var row: MetricRow {
        processRow ?? callRow ?? workRow ?? peerRow ?? workerRow ?? gatewayRow!
    }

    private static let all = Set(MetricRole.allCases)

    private var processRow: MetricRow? {
        switch self {
        case .buildInfo:
            MetricRow(
                .gauge, "", "1 for the program that runs, with its version.",
                [.init("version", nil), .init("role", MetricRole.allCases.map(\.rawValue))], of: Self.all)
        case .residentMemory:
            MetricRow(.gauge, "bytes", "Memory of the process that is in use.", of: Self.all)
        case .cpuSeconds:
            MetricRow(.counter, "seconds", "Time of processors that the process took.", of: Self.all)
        case .openFiles:
            MetricRow(.gauge, "descriptors", "Open files and connections of the process.", of: Self.all)
        case .startTime:
            MetricRow(.gauge, "seconds", "When the process began, since the year 1970.", of: Self.all)
        case .spansDropped:
            MetricRow(
                .counter, "spans", "Spans that were not exported: the queue was full, or nobody took them.",
                of: Self.all)
        default: nil
        }
    }

    private var callRow: MetricRow? {
        switch self {
        case .calls:
            MetricRow(
                .counter, "calls",
                "Calls that ended, whoever answered them; CANCELLED also where nobody was left to answer.",
                [.method, .code])
        case .callsRefused:
            MetricRow(
                .counter, "calls", "Calls of tasks that were not let in, or sent away before a worker had them.",
                [.init("reason", MetricLabels.refusals)])
        case .callsOpen: MetricRow(.gauge, "calls", "Calls of tasks that wait for their answer.")
        case .callDuration:
            MetricRow(
                .histogram(Histogram.durations), "seconds",
                "From a task's request to its end, of calls that were let in.", [.method])
        case .deadlineSlack:
            MetricRow(
                .histogram(Histogram.durations), "seconds", "What was left of its time when a call of a task ended OK.")
        case .cancellations:
            MetricRow(
                .counter, "calls",
                "Calls of tasks that ended without an answer: by the client's word, with its "
                    + "connection, or by their deadline.", [.init("by", MetricLabels.cancellations)])
        case .joinedCalls:
            MetricRow(
                .counter, "calls",
                "Calls that shared the work, or got the kept answer, of an earlier one under their key.")
        default: nil
        }
    }

    private var workRow: MetricRow? {
        switch self {
        case .queueCalls:
            MetricRow(
                .gauge, "pieces of work",
                "Work that waits for a worker, by what it waits for: a worker at all, room at "
                    + "one, or one that is free of everything else.", [.init("reason", MetricLabels.waits)])
        case .queueBytes: MetricRow(.gauge, "bytes", "Bodies and pictures of all open calls, running ones included.")
        case .queuePixels:
            MetricRow(.gauge, "pixels", "Pixels of the pictures of all open calls, as far as their clients say.")
        case .queueWork:
            MetricRow(
                .gauge, "seconds",
                "How long the workers that are here need for what waits, by the service times measured.")
        case .queueDuration:
            MetricRow(
                .histogram(Histogram.durations), "seconds", "From a request to the first handing-over of its work.")
        case .workRunning: MetricRow(.gauge, "pieces of work", "Work that workers have.")
        case .attempts: MetricRow(.counter, "attempts", "Times that work was handed to a worker.")
        case .redeliveries:
            MetricRow(
                .counter, "attempts", "Of the attempts, those after the first, by why the one before came to nothing.",
                [.init("reason", MetricLabels.redeliveries)])
        case .lateResults:
            MetricRow(
                .counter, "messages", "Messages about attempts that did not count any more; nobody heard of them.")
        case .nearPicture:
            MetricRow(.counter, "attempts", "Of the attempts, those at a worker that had had the picture.")
        case .quarantined: MetricRow(.gauge, "jobs", "What cost too many workers and waits for an operator.")
        case .journalJobs:
            MetricRow(
                .gauge, "jobs", "Durable jobs in the journal; settled ones for as long as they are kept.",
                [.init("state", MetricLabels.jobStates)])
        case .journalRefused: MetricRow(.counter, "calls", "Durable jobs that were not taken, for whatever reason.")
        default: nil
        }
    }

    private var peerRow: MetricRow? {
        switch self {
        case .workers:
            MetricRow(
                .gauge, "workers",
                "Workers in session. A stuck one is busy and has made no progress for half of the "
                    + "time after which it is taken for lost.", [.init("state", MetricLabels.workerStates)])
        case .workersLost:
            MetricRow(
                .counter, "workers", "Sessions that workers did not end themselves.",
                [.init("reason", MetricLabels.losses)])
        case .connections:
            MetricRow(
                .gauge, "connections",
                "Open connections, by the role of their key, or by their address where there are "
                    + "no keys. Unknown: no key has been seen yet.", [.init("role", MetricLabels.roles)])
        case .connectionsDenied:
            MetricRow(
                .counter, "connections", "Connections that were not let in, or ended for what they did.",
                [.init("reason", MetricLabels.denials)])
        case .malformedMessages:
            MetricRow(
                .counter, "messages", "Messages that were refused: of the wrong shape, size, version, role or state.",
                [.init("reason", MetricLabels.malformations)])
        default: nil
        }
    }

    private var workerRow: MetricRow? {
        let worker: Set<MetricRole> = [.worker]
        switch self {
        case .workerJobs:
            return MetricRow(.counter, "jobs", "Jobs that the engine's thread ended.", [.code], of: worker)
        case .workerBatchSize:
            return MetricRow(
                .histogram(Histogram.batchSizes), "sequences", "Sequences that shared a step of the decoder.",
                of: worker)
        case .workerSteps: return MetricRow(.counter, "steps", "Steps of the decoder.", of: worker)
        case .workerPictureHits:
            return MetricRow(.counter, "jobs", "Jobs whose picture was known, encoded.", of: worker)
        case .workerPictureMisses:
            return MetricRow(.counter, "jobs", "Jobs whose picture had to be encoded.", of: worker)
        case .workerPromptTokens:
            return MetricRow(.counter, "tokens", "Tokens of the prompts of jobs that were answered.", of: worker)
        case .workerGeneratedTokens:
            return MetricRow(.counter, "tokens", "Tokens of sequences that came to their end.", of: worker)
        case .workerTokensPerSecond:
            return MetricRow(
                .gauge, "tokens per second", "Tokens decoded a second, of all sequences, in the last ten seconds.",
                of: worker)
        case .workerMalformedSequences:
            return MetricRow(
                .counter, "sequences",
                "Answers whose text was not well-formed grounding; what could be read was given.",
                of: worker)
        case .workerStageDuration:
            return MetricRow(
                .histogram(Histogram.durations), "seconds",
                "What a job that was answered took in each stage that it had.",
                [.init("stage", MetricLabels.stages)], of: worker)
        case .workerBrokers:
            return MetricRow(
                .gauge, "brokers", "Brokers that the worker was given, by how it stands with them.",
                [.init("state", MetricLabels.brokerStates)], of: worker)
        default: return nil
        }
    }

    private var gatewayRow: MetricRow? {
        let gateway: Set<MetricRole> = [.gateway]
        switch self {
        case .gatewayRequests:
            return MetricRow(
                .counter, "requests", "Requests over HTTP that were answered, streams at their beginning.",
                [.init("route", MetricLabels.routes), .init("status", MetricLabels.httpStatuses)], of: gateway)
        case .gatewayOpen:
            return MetricRow(
                .gauge, "requests", "Requests over HTTP that wait for the beginning of their answer.", of: gateway)
        case .gatewayDuration:
            return MetricRow(
                .histogram(Histogram.durations), "seconds", "From a request over HTTP to the beginning of its answer.",
                [.init("route", MetricLabels.routes)], of: gateway)
        default: return nil
        }
    }
}

extension MetricRow.Label {
    static let method = MetricRow.Label("method", MetricLabels.methods)
    static let code = MetricRow.Label("code", MetricLabels.codes)
}
