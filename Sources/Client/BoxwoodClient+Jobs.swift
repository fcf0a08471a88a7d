// SPDX-License-Identifier: MIT
public import Wire

/// Jobs that outlive this process, the broker's and the workers': for a broker that has a journal. Each throws the status that the
/// call ended with, FAILED_PRECONDITION where there is no journal.
extension BoxwoodClient {
    /// Hands a job over; it is on the broker's disk when this returns.
    ///
    /// A submission without a key gets one, so that sending it again after a lost connection does not make a second job.
    public func submit(_ submission: JobSubmission, timeout: Duration? = nil) async throws(RPCStatus) -> ProtoDurableJob
    {
        var submission = submission
        if submission.key.isEmpty { submission.key = Self.randomKey() }
        let body = submission.requestBody(configuration.encoding)
        return try await job(.jobSubmit, body, image: submission.image, timeout)
    }

    /// - Throws: NOT_FOUND for an id that nobody knows, or no more.
    public func job(_ id: String, timeout: Duration = questionTimeout) async throws(RPCStatus) -> ProtoDurableJob {
        try await job(.jobGet, named: id, timeout)
    }

    /// The job once it is settled, or as it is shortly before the time is over.
    public func waitForJob(_ id: String, timeout: Duration? = nil) async throws(RPCStatus) -> ProtoDurableJob {
        try await job(.jobWait, named: id, timeout)
    }

    /// Nothing happens to a job that is settled; the answer says how.
    public func cancelJob(
        _ id: String, timeout: Duration = questionTimeout
    ) async throws(RPCStatus) -> ProtoDurableJob {
        try await job(.jobCancel, named: id, timeout)
    }

    /// One page; `nextPage` of the answer, as `page` of the query, gives the next one.
    public func jobs(
        _ query: ProtoListJobsRequest = ProtoListJobsRequest(), timeout: Duration = questionTimeout
    ) async throws(RPCStatus) -> ProtoListJobsResponse {
        let response = try await call(
            Method.jobList.rawValue, body: configuration.encoding.encode(query), timeout: timeout)
        return try WireEncoding.decodeResponse(ProtoListJobsResponse.self, from: response.body)
    }

    private func job(_ method: Method, named id: String, _ timeout: Duration?) async throws(RPCStatus)
        -> ProtoDurableJob
    {
        var request = ProtoGetJobRequest()
        request.id = id
        return try await job(method, configuration.encoding.encode(request), image: nil, timeout)
    }

    private func job(
        _ method: Method, _ body: [UInt8], image: [UInt8]?, _ timeout: Duration?
    ) async throws(RPCStatus) -> ProtoDurableJob {
        let response = try await call(method.rawValue, body: body, image: image, timeout: timeout)
        return try WireEncoding.decodeResponse(ProtoDurableJob.self, from: response.body)
    }

    private static func randomKey() -> String {
        "auto-" + (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined()
    }
}
