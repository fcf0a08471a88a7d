// SPDX-License-Identifier: MIT

/// Everything that labels can say. What is not here is exported as `other`, so that no peer can make series.
public enum MetricLabels {
    public static let other = "other"

    public static let methods = [
        "Grounding/Caption", "Grounding/Detect", "Grounding/Ground", "Grounding/Align", "Grounding/Refer",
        "Grounding/Describe", "Grounding/Ask", "Grounding/Generate", "Health/Check", "Health/Watch",
        "Discovery/Describe", "Admin/Status", "Admin/QuarantineList", "Admin/QuarantineShow", "Admin/QuarantineRetry",
        "Admin/QuarantineDrop", "Admin/Drain", "Admin/Undrain", "Jobs/Submit", "Jobs/Get", "Jobs/Wait", "Jobs/Cancel",
        "Jobs/List", other,
    ]
    public static let codes = [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
        "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
        "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ]
    public static let refusals = ["no_worker", "queue_full", "no_time", "too_large", "draining", "key_reused"]
    public static let cancellations = ["client", "vanished", "deadline"]
    public static let waits = ["no_worker", "no_room", "alone"]
    public static let jobStates = ["queued", "running", "settled"]
    public static let losses = ["silent", "stuck", "replaced", "unreachable", "illegible", "revoked"]
    /// The losses of workers, those that left, and work that a worker handed back.
    public static let redeliveries = losses + ["left", "returned"]
    public static let workerStates = ["idle", "busy", "draining", "stuck"]
    public static let roles = ["client", "worker", "admin", "unknown"]
    public static let denials = [
        "key", "handshake_unfinished", "handshake_malformed", "crowded", "over_key_limit", "over_memory", "revoked",
        "not_accepted",
    ]
    public static let malformations = [
        "stranger", "version", "kind", "frames", "header", "too_large", "unknown_method", "repeated", "role",
        "no_session", "unexpected", other,
    ]
    public static let stages = ["decode_image", "vision", "prefill", "generate"]
    /// Of the gateway: tasks by their names.
    public static let routes = [
        "caption", "detect", "ground", "align", "refer", "describe", "ask", "generate", "jobs", "models", "status",
        "chat", "huggingface", "probes", "metrics", "openapi", "playground", other,
    ]
    public static let httpStatuses = [
        "200", "201", "400", "401", "403", "404", "405", "406", "408", "409", "413", "415", "421", "429", "499", "500",
        "501", "503", "504", other,
    ]
    public static let brokerStates = ["joined", "waiting", "left"]
}
