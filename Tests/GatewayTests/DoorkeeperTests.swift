// SPDX-License-Identifier: MIT

import Gateway
import HTTPTypes
import ObservabilityHTTP
import Testing

@Suite("Who may ask over HTTP")
struct DoorkeeperTests {
    private let home = Doorkeeper(host: "127.0.0.1", port: 5580, isLoopback: true)
    private let wide = Doorkeeper(host: "0.0.0.0", port: 5580, isLoopback: false)

    private func status(
        _ keeper: Doorkeeper, _ authority: String?, origin: String? = nil, authorization: String? = nil,
        tokens: TokenList? = nil, path: String = "/v1/detect"
    ) -> Int {
        do throws(Problem) {
            try keeper.admit(
                path: path, authority: authority, origin: origin, authorization: authorization, tokens: tokens)
            return 200
        } catch {
            return error.http.code
        }
    }

    @Test("on loopback the service has the names of the loopback, with its port")
    func hosts() {
        for name in ["127.0.0.1:5580", "localhost:5580", "LOCALHOST:5580", "[::1]:5580"] {
            #expect(status(home, name) == 200, "\(name)")
        }
        for name in [
            nil, "", "127.0.0.1", "127.0.0.1:5581", "example.com", "example.com:5580", "localhost.example.com:5580",
        ] {
            #expect(status(home, name) == 421, "\(name ?? "none")")
        }
    }

    @Test("pages of other origins may not ask; none at all is a program")
    func origins() {
        #expect(status(home, "127.0.0.1:5580", origin: "http://127.0.0.1:5580") == 200)
        #expect(status(home, "127.0.0.1:5580", origin: "http://localhost:5580") == 200)
        for origin in ["null", "http://127.0.0.1:3000", "https://127.0.0.1:5580", "http://example.com", "file://", ""] {
            #expect(status(home, "127.0.0.1:5580", origin: origin) == 403, "\(origin)")
        }
        #expect(status(wide, "boxwood.example:443", origin: "https://boxwood.example:443") == 200)
        #expect(status(wide, "boxwood.example", origin: "https://example.com") == 403)
    }

    @Test("probes are answered to whoever knows the address")
    func probes() {
        for path in ["/healthz", "/readyz"] {
            #expect(status(home, "10.0.0.1:5580", path: path) == 200)
            #expect(status(wide, "10.0.0.1:5580", tokens: try? TokenList("a 0123456789abcdef"), path: path) == 200)
        }
    }

    @Test("with tokens everything needs one but the page, which asks for it")
    func tokens() throws {
        let tokens = try TokenList("# people\nanna  0123456789abcdef\r\n\nbert\tfedcba9876543210\n")
        let host = "boxwood.example"
        #expect(status(wide, host, tokens: tokens) == 401)
        for wrong in ["", "Bearer", "Bearer 0123456789abcde", "Basic 0123456789abcdef", "bearer 0123456789abcdef"] {
            #expect(status(wide, host, authorization: wrong, tokens: tokens) == 401, "\(wrong)")
        }
        #expect(status(wide, host, authorization: "Bearer fedcba9876543210", tokens: tokens) == 200)
        #expect(tokens.name(shownIn: "Bearer fedcba9876543210") == "bert")
        #expect(status(wide, host, tokens: tokens, path: "/") == 200)
        #expect(status(wide, host, tokens: tokens, path: "/playground/app.js") == 200)
        #expect(status(wide, host, tokens: tokens, path: "/metrics") == 401)
    }

    @Test(
        "files of tokens that cannot be", arguments: ["", "# none\n", "anna\n", "anna short", "a 0123456789abcdef x"])
    func badTokens(text: String) {
        #expect(throws: MonitorError.self) { try TokenList(text) }
    }

    @Test("so many tokens and no more")
    func tokenLimit() throws {
        let most = (0..<GatewayLimits.tokens).map { "n\($0) 0123456789abcdef\($0)\n" }.joined()
        #expect(try TokenList(most).name(shownIn: "Bearer 0123456789abcdef7") == "n7")
        #expect(throws: MonitorError.self) { try TokenList(most + "one-more 0123456789abcdefx") }
    }
}
