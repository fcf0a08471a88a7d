// SPDX-License-Identifier: MIT
public import Grounding
public import Wire

/// The requests that cost a broker's workers, for its operator.
extension BoxwoodClient {
    /// What there is, the oldest first.
    public func quarantine(timeout: Duration = questionTimeout) async throws(RPCStatus) -> ProtoQuarantineListResponse {
        let response = try await call(
            Method.quarantineList.rawValue, body: configuration.encoding.encode(ProtoQuarantineListRequest()),
            timeout: timeout)
        return try WireEncoding.decodeResponse(ProtoQuarantineListResponse.self, from: response.body)
    }

    /// One of them with its body, and with its picture if that is wanted.
    /// - Throws: NOT_FOUND; RESOURCE_EXHAUSTED where the picture is larger than an answer may be.
    public func quarantined(
        _ id: String, image: Bool = false, timeout: Duration = questionTimeout
    ) async throws(RPCStatus) -> ProtoQuarantineShowResponse {
        var request = ProtoQuarantineShowRequest()
        request.id = id
        request.image = image
        let response = try await call(
            Method.quarantineShow.rawValue, body: configuration.encoding.encode(request), timeout: timeout)
        return try WireEncoding.decodeResponse(ProtoQuarantineShowResponse.self, from: response.body)
    }

    /// Does it once more; with a result it leaves quarantine.
    /// - Throws: NOT_FOUND, or the status that it ended with.
    public func retryQuarantined(_ id: String, timeout: Duration? = nil) async throws(RPCStatus) -> GroundingResult {
        var request = ProtoQuarantineRetryRequest()
        request.id = id
        let response = try await call(
            Method.quarantineRetry.rawValue, body: configuration.encoding.encode(request), timeout: timeout)
        var result = try GroundingResult(body: response.body)
        result.attempts = max(result.attempts, Int(response.attempts))
        return result
    }

    /// Drops one, or everything.
    /// - Parameter id: `nil` for everything.
    /// - Returns: how many there were.
    /// - Throws: NOT_FOUND.
    @discardableResult
    public func dropQuarantined(_ id: String?, timeout: Duration = questionTimeout) async throws(RPCStatus) -> Int {
        var request = ProtoQuarantineDropRequest()
        request.id = id ?? ""
        request.all = id == nil
        let response = try await call(
            Method.quarantineDrop.rawValue, body: configuration.encoding.encode(request), timeout: timeout)
        return Int(try WireEncoding.decodeResponse(ProtoQuarantineDropResponse.self, from: response.body).dropped)
    }
}
