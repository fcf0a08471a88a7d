// SPDX-License-Identifier: MIT
import Observability

extension FuzzTarget {
    /// Trace contexts of callers: one is written as it was read, and anything else is none.
    static let traces = FuzzTarget(
        "traces", longest: 256, runs: 6000,
        words: ["00-", "01-", "ff-", "-00", "-01", "-03", "0000000000000000", "-", "A"],
        seeds: TracesTarget.seeds, check: TracesTarget.check)
}

private enum TracesTarget {
    static func seeds() throws -> [(name: String, bytes: [UInt8])] {
        let trace = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"
        return [
            "00-\(trace)-01", "00-\(trace)-00", "01-\(trace)-03-more", "ff-\(trace)-01", "00-\(trace)-01-",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", "00-\(trace.uppercased())-01", "",
        ].enumerated().map { ("context-\($0)", Array($1.utf8)) }
    }

    static func check(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let text = String(decoding: input, as: UTF8.self)
        guard let context = TraceContext(text) else { return false }
        let written = context.traceparent
        try promise(
            written.utf8.count == 55 && TraceContext(written) == context, "a context is written as it was read", text)
        // Version and flags may be others; what identifies the trace may not.
        try promise(
            written.utf8.dropFirst(2).prefix(51).elementsEqual(text.utf8.dropFirst(2).prefix(51)),
            "a trace keeps its ids", text)
        try promise(context.span != 0 && (context.trace.high != 0 || context.trace.low != 0), "zero is no id", text)
        return true
    }
}
