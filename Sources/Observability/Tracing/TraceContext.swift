// SPDX-License-Identifier: MIT

/// Where in a trace a piece of work stands, as it goes from process to process: `traceparent` of W3C's "Trace Context".
public struct TraceContext: Sendable, Hashable {
    /// What the task is a part of, for calls that it makes; `nil` for none.
    @TaskLocal public static var current: TraceContext?

    /// 128 bits, never all zero.
    public let trace: TraceID
    /// Of the span that whoever gets it is a child of; never zero.
    public let span: UInt64
    /// Whether whoever began the trace wants it kept. Nothing is exported of one that is not.
    public let isSampled: Bool

    public struct TraceID: Sendable, Hashable {
        public let high: UInt64
        public let low: UInt64

        public init(high: UInt64, low: UInt64) {
            self.high = high
            self.low = low
        }

        /// 32 hexadecimal digits.
        public var text: String { high.hexadecimal + low.hexadecimal }
    }

    public init(trace: TraceID, span: UInt64, isSampled: Bool = true) {
        self.trace = trace
        self.span = span
        self.isSampled = isSampled
    }

    /// A trace that begins here.
    public static func root(using random: inout some RandomNumberGenerator) -> TraceContext {
        TraceContext(
            trace: TraceID(high: random.next(), low: .random(in: 1 ... .max, using: &random)),
            span: .random(in: 1 ... .max, using: &random))
    }

    public static func root() -> TraceContext {
        var random = SystemRandomNumberGenerator()
        return root(using: &random)
    }

    /// A span below this one.
    public func child() -> TraceContext {
        TraceContext(trace: trace, span: .random(in: 1 ... .max), isSampled: isSampled)
    }

    // MARK: - Its text

    /// Reads `00-TRACE-SPAN-FLAGS`. A later version may have more behind that, which is skipped; `nil` for anything else: a
    /// trace that cannot be read is begun anew.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= Self.length, bytes[2] == Self.dash, bytes[35] == Self.dash, bytes[52] == Self.dash,
            let version = UInt64(hexadecimal: bytes[0..<2]), version != 0xFF,
            bytes.count == Self.length || (version > 0 && bytes[Self.length] == Self.dash),
            let high = UInt64(hexadecimal: bytes[3..<19]), let low = UInt64(hexadecimal: bytes[19..<35]),
            let span = UInt64(hexadecimal: bytes[36..<52]), let flags = UInt64(hexadecimal: bytes[53..<55]),
            high != 0 || low != 0, span != 0
        else { return nil }
        self.init(trace: TraceID(high: high, low: low), span: span, isSampled: flags & 1 == 1)
    }

    public var traceparent: String { "00-\(trace.text)-\(span.hexadecimal)-\(isSampled ? "01" : "00")" }

    private static let length = 55
    private static let dash = UInt8(ascii: "-")
}

extension UInt64 {
    /// 16 lower-case digits.
    var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Lower-case digits alone, as the standard asks.
    fileprivate init?(hexadecimal digits: ArraySlice<UInt8>) {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        self = value
    }
}
