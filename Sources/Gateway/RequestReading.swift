// SPDX-License-Identifier: MIT
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Wire

/// What of a request is not its body.
struct CallHeaders: Sendable, Hashable {
    var timeout: Duration?
    var priority = RequestPriority.interactive
    var idempotencyKey: String?
    var traceparent: String?

    /// - Throws: 400 for a header that says nothing.
    init(_ headers: HTTPFields) throws(Problem) {
        if let text = headers[.boxwoodTimeout] {
            guard let milliseconds = UInt32(text), milliseconds <= WireLimits.maxTimeoutMilliseconds else {
                throw .invalid("Boxwood-Timeout-Ms", "is not in 0...\(WireLimits.maxTimeoutMilliseconds)")
            }
            timeout = .milliseconds(Int(milliseconds))
        }
        if let text = headers[.boxwoodPriority] {
            guard let priority = RequestPriority(rawValue: text) else {
                throw .invalid("Boxwood-Priority", "is neither interactive nor batch")
            }
            self.priority = priority
        }
        if let key = headers[.idempotencyKey] {
            guard (1...WireLimits.idBytes).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else { throw .invalid("Idempotency-Key", "is not 1 to \(WireLimits.idBytes) printable ASCII characters") }
            idempotencyKey = key
        }
        traceparent = headers[.traceparent]
    }
}

extension HTTPField.Name {
    static let boxwoodTimeout = HTTPField.Name("Boxwood-Timeout-Ms")!
    static let boxwoodPriority = HTTPField.Name("Boxwood-Priority")!
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    static let traceparent = HTTPField.Name("traceparent")!
}

extension Request {
    /// Reads the body to its end and keeps it; what is left of the request still tells when the caller leaves.
    ///
    /// - Throws: 413 past the limit of its kind, 408 for one that does not come to its end.
    mutating func readBody() async throws -> [UInt8] {
        let isForm = headers[.contentType].map { HeaderParameters($0).value == "multipart/form-data" } ?? false
        let limit = isForm ? GatewayLimits.formBytes : GatewayLimits.jsonBytes
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit { throw Self.tooLarge(limit) }
        let unread = self
        do {
            let (request, buffer) = try await Deadline.within(GatewayLimits.bodyTime) {
                var request = unread
                let buffer = try await request.collectBody(upTo: limit)
                return (request, buffer)
            }
            self = request
            return Array(buffer: buffer)
        } catch is Deadline.Passed {
            throw Problem(.requestTimeout, .deadlineExceeded, "the request did not come to its end in time")
        } catch is NIOTooManyBytesError {
            throw Self.tooLarge(limit)
        }
    }

    private static func tooLarge(_ limit: Int) -> Problem {
        Problem(.contentTooLarge, .resourceExhausted, "the body has more than \(limit) bytes")
    }
}

/// Something that may take so long and no longer.
enum Deadline {
    struct Passed: Error {}

    static func within<Value: Sendable>(
        _ time: Duration, _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask(operation: operation)
            group.addTask {
                try await Task.sleep(for: time)
                throw Passed()
            }
            defer { group.cancelAll() }
            return try await group.next()!
        }
    }
}
