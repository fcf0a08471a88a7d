// SPDX-License-Identifier: MIT
public import Wire

/// Whether a service takes calls.
public enum ServingStatus: String, Sendable, Hashable {
    case serving, notServing, unknown

    init(_ proto: ProtoHealthResponse.ServingStatus) {
        switch proto {
        case .serving: self = .serving
        case .notServing: self = .notServing
        default: self = .unknown
        }
    }
}

/// What the broker answers by itself.
extension BoxwoodClient {
    /// Short enough for a person to wait for.
    public static let questionTimeout: Duration = .seconds(5)

    /// - Parameter service: empty for the broker itself; `Method.groundingService` for whether a worker can take a
    ///   call.
    /// - Throws: NOT_FOUND for a service that the broker does not know.
    public func health(service: String = "", timeout: Duration = questionTimeout) async throws(RPCStatus)
        -> ServingStatus
    {
        var request = ProtoHealthRequest()
        request.service = service
        let response = try await call(
            Method.healthCheck.rawValue, body: configuration.encoding.encode(request), timeout: timeout)
        return ServingStatus(try WireEncoding.decodeResponse(ProtoHealthResponse.self, from: response.body).status)
    }

    /// The state now and on every change, until the timeout; then the stream throws DEADLINE_EXCEEDED.
    public func watchHealth(
        service: String = "", timeout: Duration
    ) -> AsyncThrowingStream<ServingStatus, any Error> {
        var request = ProtoHealthRequest()
        request.service = service
        let events = stream(
            Method.healthWatch.rawValue, body: configuration.encoding.encode(request), timeout: timeout)
        return AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    var last: ServingStatus?
                    for try await event in events {
                        let message = try WireEncoding.decodeResponse(ProtoHealthResponse.self, from: event.body)
                        let status = ServingStatus(message.status)
                        // The broker repeats itself to see whether somebody listens.
                        if status != last { continuation.yield(status) }
                        last = status
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// What the broker serves: methods, limits, models.
    public func describe(timeout: Duration = questionTimeout) async throws(RPCStatus) -> ProtoDiscoveryResponse {
        let response = try await call(
            Method.discovery.rawValue, body: configuration.encoding.encode(ProtoDiscoveryRequest()), timeout: timeout)
        return try WireEncoding.decodeResponse(ProtoDiscoveryResponse.self, from: response.body)
    }

    /// The broker's workers, queue and counters.
    public func status(timeout: Duration = questionTimeout) async throws(RPCStatus) -> ProtoAdminStatusResponse {
        let response = try await call(
            Method.adminStatus.rawValue, body: configuration.encoding.encode(ProtoAdminStatusRequest()),
            timeout: timeout)
        return try WireEncoding.decodeResponse(ProtoAdminStatusResponse.self, from: response.body)
    }
}
