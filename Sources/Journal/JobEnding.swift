// SPDX-License-Identifier: MIT

public import Wire

/// What the end of a job's call means for the job.
public enum JobEnding: Sendable, Hashable {
    /// With the binary result.
    case succeeded([UInt8])
    case failed(RPCStatus)
    /// It cost too many workers.
    case quarantined(RPCStatus)
    /// Nothing that the job is to blame for: queued again, after so many milliseconds.
    case again(Double)

    /// Before a job is tried again whose call named no time.
    public static let pause = 1000.0

    /// - Parameter attempts: how often its call was given to a worker.
    public init(_ status: RPCStatus, result: [UInt8], attempts: Int) {
        let delay = status.retryDelayMilliseconds.map(Double.init) ?? Self.pause
        guard status.reason != .poisonJob else {
            self = .quarantined(status)
            return
        }
        switch status.code {
        case .ok:
            do throws(RPCStatus) {
                let message = try WireEncoding.decodeResponse(ProtoGroundingResult.self, from: result)
                self = .succeeded(WireEncoding.protobuf.encode(message))
            } catch {
                self = .failed(error)
            }
        case .unavailable, .cancelled: self = .again(delay)
        case .resourceExhausted where status.reason != .tooLarge: self = .again(delay)
        // It waited behind others for the whole of its call's time, which says nothing of the job.
        case .deadlineExceeded where attempts == 0: self = .again(delay)
        default: self = .failed(status)
        }
    }
}
