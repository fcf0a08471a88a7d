// SPDX-License-Identifier: MIT

internal import Wire

extension CallEnding {
    /// The status that a caller gets; `nil` when there is nobody to answer.
    var status: RPCStatus? {
        switch self {
        case .deadlineExceeded:
            RPCStatus(.deadlineExceeded, "the deadline passed before a worker had answered")
        case .cancelled:
            RPCStatus(.cancelled, "the call was cancelled")
        case .abandoned:
            nil
        case .noWorker(let delay):
            RPCStatus(
                .unavailable, "no worker of this broker takes calls", retryDelayMilliseconds: delay.milliseconds,
                reason: .noWorker)
        case .queueFull(let delay):
            RPCStatus(
                .resourceExhausted, "the broker's queue is full", retryDelayMilliseconds: delay.milliseconds,
                reason: .queueFull)
        case .noTime(let delay):
            RPCStatus(
                .resourceExhausted, "what is in the queue leaves this call too little time",
                retryDelayMilliseconds: delay.milliseconds, reason: .noTime)
        case .tooLarge(let measure, let limit):
            RPCStatus(
                .resourceExhausted, "the call is larger than a client's whole budget", reason: .tooLarge,
                reasonMetadata: ["limit_\(measure.rawValue)": "\(limit)"])
        case .keyReused:
            RPCStatus(
                .failedPrecondition, "the idempotency key belongs to another request", reason: .keyReused)
        case .draining:
            RPCStatus(.unavailable, "the broker is stopping", reason: .draining)
        case .poison(let blame):
            RPCStatus(
                .dataLoss,
                "\(blame.losses) workers were lost while they had this call; it is not tried again, and is in quarantine",
                reason: .poisonJob,
                reasonMetadata: [
                    "attempts": "\(blame.attempts)", "losses": "\(blame.losses)", "failures": "\(blame.failures)",
                ])
        }
    }
}

extension WorkerLoss {
    /// Why a worker is sent away, in a BYE.
    var words: String {
        switch self {
        case .silent, .stuck, .left, .replaced, .unreachable, .revoked: "taken for \(rawValue)"
        case .illegible: "a RESULT could not be read, nor whose it was"
        }
    }
}

extension Duration {
    /// Whole milliseconds, 0 at least, rounded up.
    var milliseconds: UInt32 {
        let (seconds, attoseconds) = components
        guard self > .zero else { return 0 }
        return UInt32(clamping: seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
