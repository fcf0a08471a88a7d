// SPDX-License-Identifier: MIT
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// Requests to the hub, each sent on as `RedirectRules` has it. The one place that knows the HTTP client.
package final class HubConnection: Sendable {
    package struct Terms: Sendable {
        package var connect: Duration = .seconds(10)
        /// The longest that a server may be silent in the middle of an answer.
        package var silence: Duration = .seconds(30)

        package init() {}
    }

    /// The head of an answer, its body yet to be read.
    struct Answer: Sendable {
        let verdict: AnswerVerdict
        let headers: HubHeaders
        let body: HTTPClientResponse.Body
        let linked: LinkedFile
    }

    /// Why there is no answer: a final word, or something that another try may mend.
    enum Trouble: Error {
        case refused(HubError)
        case later(HubError, after: Duration?)
    }

    private let settings: HubSettings
    private let agent: String
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let client: HTTPClient

    init(_ settings: HubSettings, agent: String, terms: Terms) {
        (self.settings, self.agent) = (settings, agent)
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: terms.connect.timeAmount, read: terms.silence.timeAmount))
        // One stream of bytes at a time has nothing to share a connection with, and no window to wait for.
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
    }

    func close() async {
        try? await client.shutdown()
        try? await group.shutdownGracefully()
    }

    /// - Parameters:
    ///   - offset: how many bytes are to be left out.
    ///   - validator: they are left out only from this state of the file.
    ///   - headOnly: no body is wanted, and what the hub says of a file that it keeps elsewhere will do.
    func ask(
        _ url: String, _ subject: AnswerVerdict.Subject, from offset: Int = 0,
        validator: EntityTag? = nil, headOnly: Bool = false
    ) async throws(Trouble) -> Answer {
        var rules = RedirectRules(url, home: settings.address.origin, hasToken: settings.token != nil)
        var linked = LinkedFile()
        while true {
            let response = try await send(
                request(headOnly ? .HEAD : .GET, rules, from: offset, validator: validator), subject)
            let headers = HubHeaders(response.headers.map { ($0.name, $0.value) })
            if rules.isAtHub { linked.learn(headers, isRedirect: (300..<400).contains(response.status.code)) }
            let verdict = AnswerVerdict(
                status: Int(response.status.code), headers, subject, hasToken: rules.carriesToken,
                now: Int(Date().timeIntervalSince1970))
            let answer = Answer(verdict: verdict, headers: headers, body: response.body, linked: linked)
            switch verdict {
            case .redirect(let location):
                do {
                    try rules.follow(location)
                } catch {
                    throw .refused(HubError(error.code, "\(subject.text): \(error.message)"))
                }
                if headOnly, !rules.isAtHub { return answer }
            case .later(let error, let after): throw .later(error, after: after)
            case .refused(let error): throw .refused(error)
            case .whole, .part, .noSuchPart: return answer
            }
        }
    }

    private func request(
        _ method: HTTPMethod, _ rules: RedirectRules, from offset: Int, validator: EntityTag?
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: rules.url)
        request.method = method
        request.headers.add(name: "User-Agent", value: agent)
        // Lengths and ranges are those of the file itself.
        request.headers.add(name: "Accept-Encoding", value: "identity")
        if rules.carriesToken, let token = settings.token {
            request.headers.add(name: "Authorization", value: "Bearer \(token.value)")
        }
        if offset > 0 {
            request.headers.add(name: "Range", value: "bytes=\(offset)-")
            if let condition = validator?.condition { request.headers.add(name: "If-Range", value: condition) }
        }
        return request
    }

    private func send(
        _ request: HTTPClientRequest, _ subject: AnswerVerdict.Subject
    ) async throws(Trouble) -> HTTPClientResponse {
        do {
            // How long it may take is not known; how long it may be silent is, and the client sees to that.
            return try await client.execute(request, deadline: .distantFuture)
        } catch is CancellationError {
            throw .refused(HubError(.cancelled, "stopped"))
        } catch {
            guard !Task.isCancelled else { throw .refused(HubError(.cancelled, "stopped")) }
            let host = URLComponents(string: request.url)?.host ?? "the hub"
            throw .later(HubError(.unreachable, "\(subject.text): \(Self.words(error, host))"), after: nil)
        }
    }

    /// What befell a connection, for somebody who knows what a network is.
    static func words(_ error: any Error, _ host: String) -> String {
        if let error = error as? HTTPClientError {
            switch error {
            case .readTimeout: return "\(host) has fallen silent"
            case .connectTimeout, .tlsHandshakeTimeout: return "\(host) does not answer"
            case .remoteConnectionClosed: return "\(host) cut the connection"
            default: return "\(host): \(error.shortDescription)"
            }
        }
        switch error {
        case let error as NIOConnectionError:
            return error.dnsAError != nil && error.connectionErrors.isEmpty
                ? "nothing is known of a machine \(host)" : "\(host) takes no connection"
        case let error as IOError where [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode):
            return "\(host) takes no connection"
        case is IOError: return "the connection to \(host) broke"
        default: return "\(host) cannot be talked to (\(error))"
        }
    }
}

/// What the hub itself says of a file, wherever the bytes come from then.
struct LinkedFile: Hashable, Sendable {
    private(set) var commit: Commit?
    private(set) var digest: BlobDigest?
    private(set) var size: Int?

    mutating func learn(_ headers: HubHeaders, isRedirect: Bool) {
        commit = headers["X-Repo-Commit"].flatMap { Commit($0) } ?? commit
        // A redirect has a length and perhaps a tag of its own; those of the file stand under other names.
        let tag = headers.tag("X-Linked-Etag") ?? (isRedirect ? nil : headers.tag("ETag"))
        digest = digest ?? tag.flatMap { BlobDigest($0.text) }
        let part = ContentRange(headers["Content-Range"])
        let own = isRedirect ? nil : part.map(\.total) ?? headers.length("Content-Length")
        size = size ?? headers.length("X-Linked-Size") ?? own
    }
}

extension Duration {
    var timeAmount: TimeAmount {
        .nanoseconds(components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000)
    }
}
