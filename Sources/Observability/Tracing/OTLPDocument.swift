// SPDX-License-Identifier: MIT

public import Foundation

/// Who exports.
public struct SpanSource: Sendable, Hashable {
    /// `boxwood-broker`
    public var service: String
    public var version: String
    /// Told apart from others of its kind.
    public var instance: String

    public init(service: String, version: String, instance: String) {
        self.service = service
        self.version = version
        self.instance = instance
    }
}

/// Spans as OTLP's JSON (opentelemetry.io, "OTLP Specification 1.x", "JSON Protobuf Encoding"): ids in hexadecimal, 64-bit numbers
/// as strings, enumerations as numbers.
public enum OTLPDocument {
    public static func bytes(_ spans: [Span], from source: SpanSource, clock: SpanClock) -> Data {
        let request = Request(resourceSpans: [
            ResourceSpans(
                resource: Resource(attributes: [
                    Attribute("service.name", .text(source.service)),
                    Attribute("service.version", .text(source.version)),
                    Attribute("service.instance.id", .text(source.instance)),
                ]),
                scopeSpans: [
                    ScopeSpans(
                        scope: Scope(name: "boxwood", version: source.version),
                        spans: spans.map { SpanRecord($0, clock) })
                ])
        ])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return try encoder.encode(request)
        } catch {
            // Strings, whole numbers and arrays of them.
            preconditionFailure("encode spans: \(error)")
        }
    }

    private struct Request: Encodable { let resourceSpans: [ResourceSpans] }

    private struct ResourceSpans: Encodable {
        let resource: Resource
        let scopeSpans: [ScopeSpans]
    }

    private struct Resource: Encodable { let attributes: [Attribute] }

    private struct ScopeSpans: Encodable {
        let scope: Scope
        let spans: [SpanRecord]
    }

    private struct Scope: Encodable { let name, version: String }

    private struct Attribute: Encodable {
        let key: String
        let value: Value

        struct Value: Encodable {
            var stringValue: String?
            var intValue: String?
        }

        init(_ key: String, _ value: Span.Value) {
            self.key = key
            switch value {
            case .text(let text): self.value = Value(stringValue: text)
            case .number(let number): self.value = Value(intValue: String(number))
            }
        }
    }

    private struct Link: Encodable { let traceId, spanId: String }

    private struct Status: Encodable {
        /// 2: an error.
        let code = 2
        let message: String
    }

    private struct SpanRecord: Encodable {
        let traceId, spanId: String
        let parentSpanId: String?
        let name: String
        let kind: Int
        let startTimeUnixNano, endTimeUnixNano: String
        let attributes: [Attribute]
        let links: [Link]?
        let status: Status?

        init(_ span: Span, _ clock: SpanClock) {
            traceId = span.context.trace.text
            spanId = span.context.span.hexadecimal
            parentSpanId = span.parent?.hexadecimal
            name = span.name
            kind = span.kind.rawValue
            startTimeUnixNano = String(clock.nanoseconds(at: span.start))
            endTimeUnixNano = String(clock.nanoseconds(at: span.end))
            attributes = span.attributes.sorted { $0.key < $1.key }.map(Attribute.init)
            links =
                span.links.isEmpty
                ? nil : span.links.map { Link(traceId: $0.trace.text, spanId: $0.span.hexadecimal) }
            status = span.failure.map(Status.init)
        }
    }
}

extension SpanClock {
    /// As it is now.
    public init() {
        self.init(at: .now, nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9))
    }
}
