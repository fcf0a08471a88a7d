// SPDX-License-Identifier: MIT
public import Wire

/// A broker's workers, for its operator.
extension BoxwoodClient {
    /// The worker gets nothing more, finishes what it has, and stays connected.
    /// - Parameter worker: its id or its name.
    /// - Returns: the worker as it is now, and whether it was otherwise before.
    /// - Throws: NOT_FOUND; FAILED_PRECONDITION where several workers are called that.
    @discardableResult
    public func drain(_ worker: String, timeout: Duration = questionTimeout) async throws(RPCStatus)
        -> ProtoDrainResponse
    {
        try await drainCall(.drain, worker, timeout)
    }

    /// The worker works again.
    @discardableResult
    public func undrain(_ worker: String, timeout: Duration = questionTimeout) async throws(RPCStatus)
        -> ProtoDrainResponse
    {
        try await drainCall(.undrain, worker, timeout)
    }

    private func drainCall(
        _ method: Method, _ worker: String, _ timeout: Duration
    ) async throws(RPCStatus) -> ProtoDrainResponse {
        var request = ProtoDrainRequest()
        request.worker = worker
        let response = try await call(
            method.rawValue, body: configuration.encoding.encode(request), timeout: timeout)
        return try WireEncoding.decodeResponse(ProtoDrainResponse.self, from: response.body)
    }
}
