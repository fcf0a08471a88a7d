// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Foundation
import Logging
import Observability
import ObservabilityHTTP

/// Where the spans of calls go.
struct TraceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Send the spans of calls to a collector, by OTLP over HTTP, as to http://127.0.0.1:4318. (default: nowhere)",
            valueName: "address"))
    var otlp: String?

    /// Starts what sends them, where that was asked for.
    /// - Parameter service: `boxwood-broker`
    func start(_ service: String, _ logger: Logger) throws(CommandFailure) -> SpanExporter? {
        guard let otlp else { return nil }
        do throws(MonitorError) {
            let source = SpanSource(
                service: service, version: Program.version,
                instance: "\(ProcessInfo.processInfo.hostName)-\(ProcessInfo.processInfo.processIdentifier)")
            return SpanExporter(try CollectorAddress(otlp), from: source, logger: logger)
        } catch {
            throw CommandFailure(error)
        }
    }

    /// The same option for a process that we start; checked.
    func arguments() throws(CommandFailure) -> [String] {
        guard let otlp else { return [] }
        do throws(MonitorError) {
            _ = try CollectorAddress(otlp)
        } catch {
            throw CommandFailure(error)
        }
        return ["--otlp", otlp]
    }

    /// The trace that whoever runs this program is in: `TRACEPARENT`, as other programs pass it on.
    static var parent: TraceContext? { Program.environment["TRACEPARENT"].flatMap { TraceContext($0) } }
}
