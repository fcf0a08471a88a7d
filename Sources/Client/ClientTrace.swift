// SPDX-License-Identifier: MIT

import Observability
import Wire

/// A call's place in the trace of whoever makes it.
struct ClientTrace {
    private let name: String
    private let spans: SpanQueue?
    /// Of the call's own span, or, where none is kept, of the caller's.
    private let context: TraceContext?
    private let parent: UInt64?
    private let start = ContinuousClock.now

    init(_ method: String, _ spans: SpanQueue?) {
        let current = TraceContext.current
        name = String(method.split(separator: ".").last ?? "call")
        self.spans = spans
        parent = current?.span
        context = spans == nil ? current : current?.child() ?? .root()
    }

    /// What the broker is told; empty where there is no trace.
    var traceparent: String { context?.traceparent ?? "" }

    /// - Parameter tries: how often it was sent.
    func end(_ status: RPCStatus, tries: Int) {
        guard let spans, let context else { return }
        spans.record(
            Span(
                name, .client, context: context, parent: parent, from: start, to: .now,
                attributes: [
                    "rpc.system": .text("boxwood"), "boxwood.code": .text(status.code.name),
                    "boxwood.tries": .number(tries),
                ], failure: status.isOK ? nil : status.code.name))
    }
}
