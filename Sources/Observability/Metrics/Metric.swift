// SPDX-License-Identifier: MIT

/// Everything that is measured, by the name that it is exported under: the one table, which `docs/metrics.md` repeats.
public enum Metric: String, Sendable, Hashable, CaseIterable {
    // Every process.
    case buildInfo = "boxwood_build_info"
    case residentMemory = "process_resident_memory_bytes"
    case cpuSeconds = "process_cpu_seconds_total"
    case openFiles = "process_open_fds"
    case startTime = "process_start_time_seconds"
    case spansDropped = "boxwood_spans_dropped_total"

    // Calls.
    case calls = "boxwood_calls_total"
    case callsRefused = "boxwood_calls_refused_total"
    case callsOpen = "boxwood_calls_open"
    case callDuration = "boxwood_call_duration_seconds"
    case deadlineSlack = "boxwood_deadline_slack_seconds"
    case cancellations = "boxwood_cancellations_total"
    case joinedCalls = "boxwood_joined_calls_total"

    // Work: what a worker is given for one or more calls.
    case queueCalls = "boxwood_queue_calls"
    case queueBytes = "boxwood_queue_bytes"
    case queuePixels = "boxwood_queue_pixels"
    case queueWork = "boxwood_queue_work_seconds"
    case queueDuration = "boxwood_queue_duration_seconds"
    case workRunning = "boxwood_work_running"
    case attempts = "boxwood_attempts_total"
    case redeliveries = "boxwood_redeliveries_total"
    case lateResults = "boxwood_late_results_total"
    case nearPicture = "boxwood_near_picture_total"
    case quarantined = "boxwood_quarantined_jobs"

    // Durable jobs.
    case journalJobs = "boxwood_journal_jobs"
    case journalRefused = "boxwood_journal_refused_total"

    // Peers.
    case workers = "boxwood_workers"
    case workersLost = "boxwood_workers_lost_total"
    case connections = "boxwood_connections"
    case connectionsDenied = "boxwood_connections_denied_total"
    case malformedMessages = "boxwood_malformed_messages_total"

    // A worker.
    case workerJobs = "boxwood_worker_jobs_total"
    case workerBatchSize = "boxwood_worker_batch_size"
    case workerSteps = "boxwood_worker_steps_total"
    case workerPictureHits = "boxwood_worker_picture_cache_hits_total"
    case workerPictureMisses = "boxwood_worker_picture_cache_misses_total"
    case workerPromptTokens = "boxwood_worker_prompt_tokens_total"
    case workerGeneratedTokens = "boxwood_worker_generated_tokens_total"
    case workerTokensPerSecond = "boxwood_worker_tokens_per_second"
    case workerMalformedSequences = "boxwood_worker_malformed_sequences_total"
    case workerStageDuration = "boxwood_worker_stage_duration_seconds"
    case workerBrokers = "boxwood_worker_brokers"

    // A gateway.
    case gatewayRequests = "boxwood_gateway_requests_total"
    case gatewayOpen = "boxwood_gateway_requests_open"
    case gatewayDuration = "boxwood_gateway_request_duration_seconds"
}

/// Whose metrics.
public enum MetricRole: String, Sendable, Hashable, CaseIterable {
    case broker, worker, gateway
}

/// What a metric is.
public struct MetricRow: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case counter, gauge
        /// With the upper bounds of its buckets, ascending, without the infinite one.
        case histogram([Double])

        /// In the words of the exposition format.
        public var name: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    /// A label and everything that it can say; `nil` for what the program alone says, as its version. Never a caller's words.
    public struct Label: Sendable, Hashable {
        public let name: String
        public let values: [String]?

        init(_ name: String, _ values: [String]?) {
            self.name = name
            self.values = values
        }
    }

    public let kind: Kind
    public let unit: String
    public let help: String
    public let labels: [Label]
    public let roles: Set<MetricRole>

    init(
        _ kind: Kind, _ unit: String, _ help: String, _ labels: [Label] = [], of roles: Set<MetricRole> = [.broker]
    ) {
        self.kind = kind
        self.unit = unit
        self.help = help
        self.labels = labels
        self.roles = roles
    }
}
