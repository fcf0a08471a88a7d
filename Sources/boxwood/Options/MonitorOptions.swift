// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Foundation
import Logging
import Observability
import ObservabilityHTTP

/// Who may watch a process of the service, and where.
struct MonitorOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Answer /metrics (Prometheus), /healthz and /readyz there; port 0 takes a free one. `boxwood up` gives its "
                + "workers the ports after that. (default: nowhere)", valueName: "host:port"))
    var metrics: String?

    @Option(
        help: ArgumentHelp(
            "A file with the token that whoever reads /metrics has to show; needed beyond this machine.",
            valueName: "file"))
    var metricsTokenFile: String?

    /// Starts what answers, where it was asked for.
    func start(
        _ logger: Logger, _ ask: @escaping @Sendable (ServiceQuestion) -> Void
    ) async throws(CommandFailure) -> MonitorServer? {
        guard let address = try address else { return nil }
        do throws(MonitorError) {
            let token = try metricsTokenFile.map { file throws(MonitorError) in try BearerToken(file: file) }
            return try await MonitorServer(address, token: token, logger: logger, ask: ask)
        } catch {
            throw CommandFailure(error)
        }
    }

    /// The options for each process of a service, the broker first; checked, so that none fails by them again and again.
    func arguments(processes: Int) throws(CommandFailure) -> [[String]] {
        guard let address = try address else { return Array(repeating: [], count: processes) }
        do throws(MonitorError) {
            let token = try metricsTokenFile.map { file throws(MonitorError) in
                _ = try BearerToken(file: file)
                return ["--metrics-token-file", file]
            }
            guard address.isLoopback || token != nil else { throw .notAlone(address) }
            return try (0..<processes).map { number throws(MonitorError) in
                ["--metrics", try address.next(number).description] + (token ?? [])
            }
        } catch {
            throw CommandFailure(error)
        }
    }

    private var address: MonitorAddress? {
        get throws(CommandFailure) {
            guard let metrics else {
                guard metricsTokenFile == nil else {
                    throw CommandFailure(.usage, "--metrics-token-file goes with --metrics")
                }
                return nil
            }
            do throws(MonitorError) {
                return try MonitorAddress(metrics)
            } catch {
                throw CommandFailure(error)
            }
        }
    }
}

extension CommandFailure {
    /// Why a process cannot be watched.
    init(_ error: MonitorError) {
        switch error.code {
        case .address, .collector: self.init(.usage, error.message)
        case .token: self.init(.badInput, error.message)
        case .unavailable: self.init(.unavailable, error.message)
        }
    }
}
