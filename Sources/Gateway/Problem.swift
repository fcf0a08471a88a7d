// SPDX-License-Identifier: MIT
package import Grounding
package import HTTPTypes
import Hummingbird
package import Wire

/// Why a request has no answer, as RFC 9457 has it: a status of the service under its HTTP status, or what HTTP says by
/// itself.
package struct Problem: Error, Sendable, Hashable {
    package let http: HTTPResponse.Status
    package let title: String
    package let detail: String
    /// The name of the service's code; the nearest one for what HTTP says by itself.
    package let code: StatusCode
    package var reason: String?
    package var violations: [FieldViolation] = []
    package var retryMilliseconds: UInt32?
    /// Methods that the path does have, for 405.
    var allow: String?

    package init(_ status: RPCStatus) {
        http = .answering(status.code)
        title = status.code.name
        detail = status.message
        code = status.code
        reason = status.reason?.rawValue
        violations = status.violations
        retryMilliseconds = status.retryDelayMilliseconds
    }

    init(_ http: HTTPResponse.Status, _ code: StatusCode, _ detail: String, retryMilliseconds: UInt32? = nil) {
        self.http = http
        title = http.reasonPhrase
        self.detail = detail
        self.code = code
        self.retryMilliseconds = retryMilliseconds
    }

    static func invalid(_ field: String, _ description: String) -> Problem {
        Problem(.invalid([FieldViolation(field, description)]))
    }

    package var json: String {
        var members: [(key: String, value: JSONText)] = [
            ("type", .string("about:blank")), ("title", .string(title)), ("status", .integer(http.code)),
            ("detail", .string(detail)), ("code", .string(code.name)),
        ]
        if let reason { members.append(("reason", .string(reason))) }
        if !violations.isEmpty {
            members.append(
                (
                    "violations",
                    .array(
                        violations.map {
                            .object([("field", .string($0.field)), ("description", .string($0.description))])
                        })
                ))
        }
        if let retryMilliseconds { members.append(("retry_after_ms", .integer(Int(retryMilliseconds)))) }
        return JSONText.object(members).text(indented: false)
    }

    var response: Response {
        var headers: HTTPFields = [.contentType: "application/problem+json", .cacheControl: "no-store"]
        if let retryMilliseconds { headers[.retryAfter] = String((retryMilliseconds + 999) / 1000) }
        if let allow { headers[.allow] = allow }
        if http == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
        // What is left of a body that was not read would be taken for the next request.
        headers[.connection] = "close"
        return Response(status: http, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: json)))
    }
}

extension HTTPResponse.Status {
    /// Of nginx: the client has left. Nobody reads it but logs.
    static let clientClosedRequest = HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request")

    /// What gRPC's codes are in HTTP (google/rpc/code.proto).
    static func answering(_ code: StatusCode) -> HTTPResponse.Status {
        switch code {
        case .ok: .ok
        case .invalidArgument, .failedPrecondition, .outOfRange: .badRequest
        case .unauthenticated: .unauthorized
        case .permissionDenied: .forbidden
        case .notFound: .notFound
        case .alreadyExists, .aborted: .conflict
        case .resourceExhausted: .tooManyRequests
        case .cancelled: .clientClosedRequest
        case .unknown, .internal, .dataLoss: .internalServerError
        case .unimplemented: .notImplemented
        case .unavailable: .serviceUnavailable
        case .deadlineExceeded: .gatewayTimeout
        }
    }
}
