// SPDX-License-Identifier: MIT
import Foundation
import ModelHub
import Testing

/// What is decided of answers, without a socket.
@Suite("The hub's answers")
struct ExchangeTests {
    static let reference = ModelReference(try! RepositoryName("a/b"), try! Revision("v1"))
    static let listing = AnswerVerdict.Subject.listing(reference)
    static let file = AnswerVerdict.Subject.file("config.json", reference.repository)

    private func headers(_ fields: [String: String]) -> HubHeaders {
        HubHeaders(fields.map { (name: $0.key, value: $0.value) })
    }

    private func verdict(
        _ status: Int, _ fields: [String: String] = [:], _ subject: AnswerVerdict.Subject = Self.file,
        hasToken: Bool = false
    ) -> AnswerVerdict {
        AnswerVerdict(status: status, headers(fields), subject, hasToken: hasToken, now: 1_000_000)
    }

    private func code(_ verdict: AnswerVerdict) -> HubError.Code? {
        switch verdict {
        case .refused(let error), .later(let error, _): error.code
        default: nil
        }
    }

    @Test func whatIsGood() {
        #expect(verdict(200) == .whole && verdict(206) == .part && verdict(416) == .noSuchPart)
        for status in [301, 302, 303, 307, 308] {
            #expect(verdict(status, ["location": "/x"]) == .redirect(to: "/x"))
            #expect(code(verdict(status)) == .answer)
        }
    }

    @Test(arguments: [
        (404, "RepoNotFound", true, HubError.Code.repositoryNotFound),
        (404, "RevisionNotFound", true, .revisionNotFound),
        (404, "EntryNotFound", false, .fileNotFound), (404, "", true, .repositoryNotFound),
        (404, "", false, .fileNotFound),
        (401, "RepoNotFound", true, .unauthorized), (401, "", true, .unauthorized), (401, "GatedRepo", true, .gated),
        (403, "GatedRepo", false, .gated), (403, "", false, .unauthorized), (400, "", true, .answer),
        (204, "", true, .answer),
    ])
    func refusals(_ status: Int, _ name: String, _ isListing: Bool, _ expected: HubError.Code) {
        let verdict = verdict(status, name.isEmpty ? [:] : ["X-Error-Code": name], isListing ? Self.listing : Self.file)
        guard case .refused(let error) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(error.code == expected && error.message.contains("a/b"))
    }

    @Test func whoIsKnownHearsMore() {
        let stranger = verdict(401, ["X-Error-Code": "RepoNotFound"], Self.listing)
        #expect(code(stranger) == .unauthorized)
        #expect(
            code(verdict(401, ["X-Error-Code": "RepoNotFound"], Self.listing, hasToken: true)) == .repositoryNotFound)
        #expect(code(verdict(403, ["X-Error-Code": "GatedRepo"], hasToken: true)) == .gated)
    }

    @Test(arguments: [408, 425, 429, 500, 502, 503, 504, 520, 529])
    func laterStatuses(_ status: Int) {
        guard case .later(let error, let after) = verdict(status) else {
            Issue.record("\(status)")
            return
        }
        #expect(error.code == .busy && after == nil && error.message.contains("\(status)"))
    }

    @Test(
        "How long to wait",
        arguments: [
            (["Retry-After": "7"], Duration.seconds(7)), (["Retry-After": "0"], .zero),
            (["Retry-After": "Mon, 12 Jan 1970 13:46:45 GMT"], .seconds(5)),
            (["Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"], .zero),
            (["RateLimit": "\"api\";r=0;t=55"], .seconds(55)), (["RateLimit": "\"api\";r=3;t=55"], nil),
            (["Retry-After": "-1"], nil), (["Retry-After": "soon"], nil), (["Retry-After": ""], nil),
            (["Retry-After": "99999999999999999999"], nil), ([:], nil),
        ] as [([String: String], Duration?)])
    func retryAfter(_ fields: [String: String], _ expected: Duration?) {
        #expect(RetryAfter.read(headers(fields), now: 1_000_000) == expected)
    }

    @Test func datesOfAllKinds() {
        let dates = [
            ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000), ("Fri, 01 Mar 2024 00:00:00 GMT", 1_709_251_200),
            ("Sun, 31 Dec 2000 23:59:59 GMT", 978_307_199), ("Mon, 01 Jan 2001 00:00:00 GMT", 978_307_200),
        ]
        for (text, seconds) in dates {
            #expect(RetryAfter.read(headers(["Retry-After": text]), now: seconds - 3) == .seconds(3), "\(text)")
        }
    }

    // MARK: - Redirects

    private func rules(_ url: String, hasToken: Bool = true) throws -> RedirectRules {
        RedirectRules(url + "/x", home: try HubAddress(url).origin, hasToken: hasToken)
    }

    @Test func aTokenStaysAtHome() throws {
        var rules = try rules("https://hub.example")
        #expect(rules.carriesToken)
        try rules.follow("/y?z=1")
        #expect(rules.url == "https://hub.example/y?z=1" && rules.carriesToken && rules.isAtHub)
        try rules.follow("https://hub.example:443/w")
        #expect(rules.carriesToken && rules.isAtHub)
        try rules.follow("https://store.example/w")
        #expect(!rules.carriesToken && !rules.isAtHub)
        try rules.follow("https://hub.example/back")
        #expect(!rules.carriesToken && !rules.isAtHub, "once it was away it is given no more")
    }

    @Test(arguments: [
        "https://hub.example:8443/", "https://hub.example.evil/", "//other.example/", "https://sub.hub.example/",
    ])
    func othersGetNoToken(_ location: String) throws {
        var rules = try rules("https://hub.example")
        try rules.follow(location)
        #expect(!rules.carriesToken)
    }

    @Test func aTokenIsNotReadableOnTheWay() throws {
        #expect(try !rules("http://hub.example").carriesToken)
        #expect(try rules("http://127.0.0.1:80").carriesToken && rules("http://localhost").carriesToken)
        #expect(try !rules("http://127.0.0.1.example").carriesToken)
        #expect(try !rules("https://hub.example", hasToken: false).carriesToken)
    }

    @Test(arguments: ["http://hub.example/x", "ftp://hub.example/x", "file:///etc/passwd", "https:///x"])
    func whatIsNotFollowed(_ location: String) throws {
        var rules = try rules("https://hub.example")
        let error = #expect(throws: HubError.self) { try rules.follow(location) }
        #expect(error?.code == .answer)
    }

    @Test func redirectsEnd() throws {
        var rules = try rules("https://hub.example")
        for number in 0..<HubLimits.redirects { try rules.follow("/\(number)") }
        #expect(throws: HubError.self) { try rules.follow("/more") }
    }

    // MARK: - Tries

    @Test func pausesGrowAndEnd() {
        var terms = RetryRules.Terms()
        (terms.tries, terms.firstPause, terms.longestPause) = (5, .seconds(1), .seconds(3))
        var rules = RetryRules(terms)
        let decisions = (0..<5).map { _ in rules.decide(asked: nil, bytes: 0, jitter: 0) }
        #expect(decisions == [.wait(.seconds(1)), .wait(.seconds(2)), .wait(.seconds(3)), .wait(.seconds(3)), .giveUp])
        var jittered = RetryRules(terms)
        #expect(jittered.decide(asked: nil, bytes: 0, jitter: 1) == .wait(.milliseconds(500)))
    }

    @Test func whatIsAskedForIsWaited() {
        var rules = RetryRules(RetryRules.Terms())
        #expect(rules.decide(asked: .seconds(300), bytes: 0, jitter: 1) == .wait(.seconds(300)))
        #expect(rules.decide(asked: .seconds(301), bytes: 0, jitter: 1) == .giveUp)
    }

    @Test func progressStartsTheCountAnew() {
        var terms = RetryRules.Terms()
        (terms.tries, terms.progressBytes) = (2, 100)
        var rules = RetryRules(terms)
        for round in 1...50 { #expect(rules.decide(asked: nil, bytes: round * 100, jitter: 0) != .giveUp) }
        #expect(rules.decide(asked: nil, bytes: 5_099, jitter: 0) == .giveUp, "99 bytes more are none")
    }

    // MARK: - Parts

    @Test(arguments: [
        ("bytes 5-9/10", 5, 9, 10 as Int?), ("bytes 0-0/1", 0, 0, 1), ("bytes 5-9/*", 5, 9, nil),
    ])
    func ranges(_ text: String, _ first: Int, _ last: Int, _ total: Int?) throws {
        let range = try #require(ContentRange(text))
        #expect(range.first == first && range.last == last && range.total == total)
    }

    @Test(arguments: [
        "", "bytes */10", "bytes 5-/10", "bytes -5/10", "bytes 9-5/10", "bytes 5-10/10", "bytes 5-9", "bytes 5-9/",
        "5-9/10",
        "bytes 5-9/10/11", "bytes 5-9/99999999999999999999", "items 5-9/10", "bytes +5-9/10",
    ])
    func noRanges(_ text: String) {
        #expect(ContentRange(text) == nil)
    }

    @Test func whereABodyBegins() throws {
        let digest = try #require(BlobDigest(FakeCommit.text))
        let file = try PlannedFile(name: "f.json", size: 10, digest: digest)
        func start(_ verdict: AnswerVerdict, _ fields: [String: String], have: Int, tag: String? = nil) -> TransferStart
        {
            TransferStart(verdict, headers(fields), file: file, have: have, validator: tag.flatMap { EntityTag($0) })
        }
        #expect(start(.whole, [:], have: 0) == .from(0))
        #expect(start(.whole, ["Content-Length": "10"], have: 5) == .from(0), "a server that gives no parts")
        #expect(start(.part, ["Content-Range": "bytes 5-9/10"], have: 5) == .from(5))
        #expect(start(.part, ["Content-Range": "bytes 5-7/*"], have: 5) == .from(5), "a part of the part")
        #expect(start(.part, ["Content-Range": "bytes 5-9/10", "ETag": "\"a\""], have: 5, tag: "\"a\"") == .from(5))
        for (verdict, fields, have, tag) in [
            (AnswerVerdict.part, ["Content-Range": "bytes 4-9/10"], 5, nil as String?), (.part, [:], 5, nil),
            (.part, ["Content-Range": "bytes 0-9/10"], 0, nil), (.noSuchPart, [:], 5, nil),
            (.part, ["Content-Range": "bytes 5-9/10", "ETag": "\"b\""], 5, "\"a\""),
        ] {
            guard case .askForAll = start(verdict, fields, have: have, tag: tag) else {
                Issue.record("\(verdict) \(fields)")
                continue
            }
        }
        for (verdict, fields) in [
            (AnswerVerdict.whole, ["Content-Length": "9"]), (.whole, ["Content-Length": "11"]),
            (.part, ["Content-Range": "bytes 5-9/11"]), (.part, ["Content-Range": "bytes 5-10/*"]),
        ] {
            guard case .refused(let error) = start(verdict, fields, have: 5) else {
                Issue.record("\(verdict) \(fields)")
                continue
            }
            #expect(error.code == .length)
        }
    }

    @Test func tags() {
        #expect(EntityTag("\"a\"")?.text == "a" && EntityTag("a")?.text == "a" && EntityTag("W/\"a\"")?.text == "a")
        #expect(EntityTag("\"a\"")?.condition == "\"a\"" && EntityTag("W/\"a\"")?.condition == nil)
        #expect(EntityTag("\"\"") == nil && EntityTag("") == nil)
    }
}
