// SPDX-License-Identifier: MIT
package import Client
package import Grounding
import Synchronization
package import Wire

/// What has become of one picture of a run.
package enum BatchEnding: Sendable {
    case result(GroundingResult)
    /// An error of its own; the run goes on.
    case failed(RPCStatus)
    /// The run ended before it did.
    case stopped
    /// Nothing more will come of the run as a whole.
    case fatal(CommandFailure)
}

/// Who does the work of a run.
package protocol BatchAnswerer: Sendable {
    /// - Parameter pixels: width times height.
    func answer(_ request: TaskRequest, _ image: [UInt8], pixels: Int) async -> BatchEnding
}

/// A running service.
package final class ServiceAnswerer: BatchAnswerer {
    private let client: BoxwoodClient
    private let address: String
    private let timeout: Duration
    private let patience: Duration
    /// Whether it has answered anything. A service that was never there is not waited for.
    private let isKnown = Atomic<Bool>(false)

    package init(
        _ client: BoxwoodClient, address: String, timeout: Duration, patience: Duration = BatchLimits.patience
    ) {
        self.client = client
        self.address = address
        self.timeout = timeout
        self.patience = patience
    }

    package func answer(_ request: TaskRequest, _ image: [UInt8], pixels: Int) async -> BatchEnding {
        var patience = BatchPatience(patience)
        var begin: ContinuousClock.Instant?
        while true {
            let status: RPCStatus
            do throws(RPCStatus) {
                let result = try await client.run(
                    request.task, image: image, options: request.options, timeout: timeout, priority: .batch,
                    pixels: pixels)
                isKnown.store(true, ordering: .relaxed)
                return .result(result)
            } catch {
                status = error
            }
            if Task.isCancelled { return .stopped }
            guard RetryPolicy().isRetryable(status) else { return ending(status) }
            if status.code != .unavailable { isKnown.store(true, ordering: .relaxed) }
            let since = begin ?? .now
            begin = since
            let asked = status.retryDelayMilliseconds.map { Duration.milliseconds(Int($0)) }
            guard isKnown.load(ordering: .relaxed),
                let pause = patience.pause(after: since.duration(to: .now), asked: asked)
            else { return .fatal(CommandFailure(status, endpoint: address)) }
            guard (try? await Task.sleep(for: pause)) != nil else { return .stopped }
        }
    }

    private func ending(_ status: RPCStatus) -> BatchEnding {
        switch status.code {
        // Whoever is not let in with one picture is not with the next.
        case .permissionDenied, .unauthenticated: return .fatal(CommandFailure(status, endpoint: address))
        default:
            isKnown.store(true, ordering: .relaxed)
            return .failed(status)
        }
    }
}
