// SPDX-License-Identifier: MIT

/// A stretch of work in a trace.
public struct Span: Sendable, Hashable {
    /// OpenTelemetry's numbers.
    public enum Kind: Int, Sendable, Hashable {
        case `internal` = 1
        case server, client, producer, consumer
    }

    public enum Value: Sendable, Hashable {
        case text(String)
        case number(Int)
    }

    public var name: String
    public var kind: Kind
    /// Its own place.
    public var context: TraceContext
    /// The span above it; `nil` for the first of a trace.
    public var parent: UInt64?
    public var start: ContinuousClock.Instant
    public var end: ContinuousClock.Instant
    public var attributes: [String: Value]
    /// Spans that it has to do with and is no part of.
    public var links: [TraceContext]
    /// Why it failed, in a word; `nil` where it did not.
    public var failure: String?

    public init(
        _ name: String, _ kind: Kind = .internal, context: TraceContext, parent: UInt64?,
        from start: ContinuousClock.Instant, to end: ContinuousClock.Instant, attributes: [String: Value] = [:],
        links: [TraceContext] = [], failure: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.context = context
        self.parent = parent
        self.start = start
        self.end = max(start, end)
        self.attributes = attributes
        self.links = links
        self.failure = failure
    }
}

/// The wall clock's time of moments of the other clock, which never goes back: read once, so that spans keep their lengths.
public struct SpanClock: Sendable {
    private let instant: ContinuousClock.Instant
    private let nanoseconds: Int64

    /// - Parameter nanoseconds: since the year 1970, at that moment.
    public init(at instant: ContinuousClock.Instant, nanoseconds: Int64) {
        self.instant = instant
        self.nanoseconds = nanoseconds
    }

    public func nanoseconds(at other: ContinuousClock.Instant) -> Int64 {
        let (seconds, attoseconds) = instant.duration(to: other).components
        return nanoseconds + seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
