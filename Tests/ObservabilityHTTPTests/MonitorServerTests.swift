// SPDX-License-Identifier: MIT
import Foundation
import FoundationNetworking
import Logging
import Observability
import ObservabilityHTTP
import Synchronization
import Testing

/// The monitor over HTTP, asked as Prometheus and probes ask.
@Suite(.timeLimit(.minutes(2)))
struct MonitorServerTests {
    private static let logger = Logger(label: "monitor") { _ in SwiftLogNoOpLogHandler() }
    private static let secret = "0123456789abcdef"

    private func serve(
        token: BearerToken? = nil, isReady: Bool = true, isStuck: Bool = false,
        _ body: (MonitorServer) async throws -> Void
    ) async throws {
        let server = try await MonitorServer(
            MonitorAddress("127.0.0.1:0"), token: token, logger: Self.logger,
            patience: isStuck ? .milliseconds(50) : .seconds(20)
        ) { question in
            guard !isStuck else { return }
            var report = ServiceReport(isReady: isReady)
            if question.wantsMetrics { report.metrics.set(.callsOpen, to: 7) }
            question.answer(report)
        }
        do {
            try await body(server)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private func get(
        _ server: MonitorServer, _ path: String, authorization: String? = nil, method: String = "GET"
    ) async throws -> (status: Int, type: String?, body: String) {
        var request = URLRequest(url: URL(string: "http://\(server.address)\(path)")!)
        request.httpMethod = method
        if let authorization { request.setValue(authorization, forHTTPHeaderField: "Authorization") }
        let (data, response) = try await URLSession.shared.data(for: request)
        let http = try #require(response as? HTTPURLResponse)
        return (
            http.statusCode, http.value(forHTTPHeaderField: "Content-Type"), String(decoding: data, as: UTF8.self)
        )
    }

    @Test func answersWhoAsks() async throws {
        try await serve { server in
            #expect(server.address.port > 0)
            let metrics = try await get(server, "/metrics")
            #expect(metrics.status == 200 && metrics.type == Exposition.contentType)
            #expect(metrics.body.contains("\nboxwood_calls_open 7\n"))
            #expect(try await get(server, "/healthz") == (200, "text/plain; charset=utf-8", "alive\n"))
            #expect(try await get(server, "/readyz").status == 200)
            #expect(try await get(server, "/").status == 404)
            #expect(try await get(server, "/metrics", method: "POST").status != 200)
        }
    }

    @Test func whoCannotWorkYetIsAliveAndNotReady() async throws {
        try await serve(isReady: false) { server in
            #expect(try await get(server, "/healthz").status == 200)
            let readiness = try await get(server, "/readyz")
            #expect(readiness.status == 503 && readiness.body == "not ready\n")
        }
    }

    @Test(arguments: ["/metrics", "/healthz", "/readyz"])
    func aLoopThatIsStuckIsNotAlive(_ path: String) async throws {
        try await serve(isStuck: true) { server in
            let answer = try await get(server, path)
            #expect(answer.status == 503)
        }
    }

    @Test func metricsAreForWhoHasTheToken() async throws {
        try await serve(token: BearerToken(Self.secret)) { server in
            for wrong in [
                nil, "", "Bearer", "Bearer ", "Bearer 0123456789abcdeX", "Bearer 0123456789abcdef0", Self.secret,
            ] {
                let answer = try await get(server, "/metrics", authorization: wrong)
                #expect(answer.status == 401 && !answer.body.contains("boxwood_"), "\(wrong ?? "nothing")")
            }
            #expect(try await get(server, "/metrics", authorization: "Bearer \(Self.secret)").status == 200)
            // A probe has no token and learns no more than that.
            #expect(try await get(server, "/healthz").body == "alive\n")
        }
    }

    @Test func beyondThisMachineATokenIsNeeded() async throws {
        for address in ["0.0.0.0:0", "[::]:0", "10.0.0.1:9464", "example.com:80", "127.0.0.1.example.com:80"] {
            let failure = await #expect(throws: MonitorError.self) {
                _ = try await MonitorServer(MonitorAddress(address), token: nil, logger: Self.logger) { _ in }
            }
            #expect(failure?.code == .address)
        }
        let open = try await MonitorServer(
            MonitorAddress("0.0.0.0:0"), token: BearerToken(Self.secret), logger: Self.logger
        ) { _ in }
        await open.stop()
    }

    @Test func anAddressThatIsTakenIsSaidSo() async throws {
        try await serve { server in
            let failure = await #expect(throws: MonitorError.self) {
                _ = try await MonitorServer(server.address, token: nil, logger: Self.logger) { _ in }
            }
            #expect(failure?.code == .unavailable)
        }
    }
}

struct MonitorAddressTests {
    @Test(
        arguments: [
            ("127.0.0.1:9464", true), ("127.8.9.10:1", true), ("localhost:0", true), ("[::1]:9464", true),
            ("0.0.0.0:9464", false), ("[::]:9464", false), ("192.168.1.1:9464", false), ("1270.0.0.1:9", false),
            ("127.0.0.1.evil:9", false), ("127.0.0:9", false), ("127.0.0.256:9", false),
        ])
    func knowsThisMachine(_ text: String, _ isLoopback: Bool) throws {
        let address = try MonitorAddress(text)
        #expect(address.isLoopback == isLoopback && address.description == text)
    }

    @Test(arguments: [
        "", ":", "9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", ":9464", "a b:1", "h/p:1",
    ])
    func refusesWhatIsNone(_ text: String) {
        #expect(throws: MonitorError.self) { try MonitorAddress(text) }
    }

    @Test func eachProcessHasTheNextPort() throws {
        let address = try MonitorAddress("127.0.0.1:65534")
        #expect(try address.next(1).port == 65535)
        #expect(throws: MonitorError.self) { try address.next(2) }
        #expect(try MonitorAddress("127.0.0.1:0").next(5).port == 0, "any free one for each")
    }
}

struct BearerTokenTests {
    @Test func isReadFromAFileThatNotEverybodyReads() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "token-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        func token(_ text: String, mode: Int) throws -> BearerToken {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            return try BearerToken(file: path)
        }
        let least = String(repeating: "a", count: BearerToken.leastBytes)
        let most = String(repeating: "a", count: BearerToken.mostBytes)
        #expect(try token(least + "\n", mode: 0o600).isShown(in: "Bearer \(least)"))
        #expect(try token(most, mode: 0o440).isShown(in: "Bearer \(most)"))
        #expect(throws: MonitorError.self) { try token(least, mode: 0o604) }
        #expect(throws: MonitorError.self) { try token(String(least.dropLast()), mode: 0o600) }
        #expect(throws: MonitorError.self) { try token(most + "a", mode: 0o600) }
        #expect(throws: MonitorError.self) { try token("two words are not one", mode: 0o600) }
        #expect(throws: MonitorError.self) { try BearerToken(file: "/nowhere/token") }
        #expect(!"\(try token(least, mode: 0o600))".contains(least), "never in a log")
    }
}
