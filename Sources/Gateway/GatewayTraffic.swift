// SPDX-License-Identifier: MIT
import Observability
import Synchronization

/// How many requests there are and were, and what their bodies take.
package final class GatewayTraffic: Sendable {
    package struct Visit: Sendable {
        fileprivate let route: String
        fileprivate let began: ContinuousClock.Instant
        fileprivate let bytes: Int
        /// Whether there is room for it.
        package let isWithinLimit: Bool
    }

    private struct Counts {
        var open = 0
        var bytes = 0
        var ended: [[String]: Int] = [:]
        var durations: [String: Histogram] = [:]
    }

    private let counts = Mutex(Counts())

    package init() {}

    /// - Parameter bytes: of the body, as far as the request says.
    package func enter(_ path: String, bytes: Int) -> Visit {
        let isWithinLimit = counts.withLock { counts in
            counts.open += 1
            counts.bytes += bytes
            return counts.open <= GatewayLimits.requests && counts.bytes <= GatewayLimits.bodiesBytes
        }
        return Visit(route: Self.route(path), began: .now, bytes: bytes, isWithinLimit: isWithinLimit)
    }

    package func leave(_ visit: Visit, _ status: Int) {
        let duration = visit.began.duration(to: .now)
        counts.withLock { counts in
            counts.open -= 1
            counts.bytes -= visit.bytes
            counts.ended[[visit.route, String(status)], default: 0] += 1
            counts.durations[visit.route, default: Histogram()].observe(duration)
        }
    }

    func snapshot(version: String) -> MetricSnapshot {
        var snapshot = MetricSnapshot()
        snapshot.describeProcess(version: version, role: .gateway, spansDropped: 0)
        counts.withLock { counts in
            snapshot.set(.gatewayOpen, to: counts.open)
            snapshot.mention(.gatewayRequests)
            snapshot.mention(.gatewayDuration)
            for (labels, count) in counts.ended.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                snapshot.set(.gatewayRequests, labels, to: count)
            }
            for (route, durations) in counts.durations.sorted(by: { $0.key < $1.key }) {
                snapshot.set(.gatewayDuration, [route], to: durations)
            }
        }
        return snapshot
    }

    /// What of a path may be counted by: never a word of the caller's.
    static func route(_ path: String) -> String {
        if Playground.isPath(path) { return "playground" }
        if path == "/v1/jobs" || path.hasPrefix("/v1/jobs/") { return "jobs" }
        if path.hasPrefix("/huggingface/") { return "huggingface" }
        switch path {
        case "/v1/chat/completions": return "chat"
        case "/healthz", "/readyz": return "probes"
        case "/metrics": return "metrics"
        case "/openapi.json": return "openapi"
        default:
            let name = path.hasPrefix("/v1/") ? String(path.dropFirst(4)) : ""
            return MetricLabels.routes.contains(name) ? name : MetricLabels.other
        }
    }
}
