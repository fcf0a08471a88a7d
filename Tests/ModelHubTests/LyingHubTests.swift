// SPDX-License-Identifier: MIT
import Foundation
import HubSupport
import ModelHub
import Testing

/// Pulls from a hub that breaks off, is slow, is busy, or lies. Whatever it does, the cache holds what the hashes name or nothing.
@Suite("Pulling from a hub that misbehaves", .timeLimit(.minutes(3)))
struct LyingHubTests {
    /// How many times something happened, known to a script that runs on many threads.
    private static func isFirst(_ request: FakeHub.Request, in hub: FakeHub) -> Bool {
        hub.requests.filter { $0.target == request.target && $0.method == request.method }.count <= 1
    }

    // MARK: - Cut connections

    @Test(
        "Cut once at every kind of place",
        arguments: [0, 1, 17, 40, 150, 220, 260, 400, 5_000, 150_000, 299_999, 300_100])
    func cuts(_ bytes: Int) async throws {
        for isHard in [false, true] {
            let scene = try HubScene()
            scene.hub.script { [hub = scene.hub] request, reply in
                guard Self.isFirst(request, in: hub) else { return reply }
                var reply = reply
                (reply.cutAfter, reply.cutsHard) = (bytes, isHard)
                return reply
            }
            try await scene.pull()
            #expect(try scene.contents() == HubScene.expected(), "\(bytes) \(isHard)")
        }
    }

    @Test func whatCameBeforeACutIsKept() async throws {
        let scene = try HubScene()
        scene.hub.script { request, reply in
            var reply = reply
            if request.isStore, request.headers["range"] == nil { reply.cutAfter = 100_000 }
            return reply
        }
        try await scene.pull()
        let ranges = scene.weightRequests.map { $0.headers["range"] ?? "" }
        let kept = ranges.last.flatMap { Int($0.dropFirst(6).dropLast()) } ?? 0
        #expect(ranges.count == 2 && kept > 0 && kept < 100_000, "\(ranges)")
        #expect(scene.weightRequests[1].headers["if-range"]?.hasPrefix("\"store-") == true)
        #expect(try scene.contents() == HubScene.expected())
    }

    @Test func aHubThatAlwaysCutsIsGivenUp() async throws {
        let scene = try HubScene()
        scene.hub.script { request, reply in
            var reply = reply
            if request.isStore { reply.cutAfter = 5 }
            return reply
        }
        #expect(await scene.failure()?.code == .unreachable)
        #expect(scene.weightRequests.count == HubScene.terms.retries.tries)
        #expect(!FileManager.default.fileExists(atPath: scene.blob))
    }

    @Test func aHubThatGivesAByteAtATimeIsGivenUp() async throws {
        let scene = try HubScene()
        scene.hub.script { request, reply in
            guard request.isStore else { return reply }
            var reply = reply
            reply.body = reply.body.prefix(1)
            return reply
        }
        #expect(await scene.failure() != nil)
        #expect(scene.weightRequests.count == HubScene.terms.retries.tries)
    }

    @Test func progressIsNotGivenUp() async throws {
        let scene = try HubScene()
        scene.hub.script { request, reply in
            var reply = reply
            if request.isStore { reply.cutAfter = 20_000 }
            return reply
        }
        var terms = HubScene.terms
        terms.retries.progressBytes = 10_000
        try await scene.pull(terms: terms)
        #expect(scene.weightRequests.count > 2 * terms.retries.tries)
        #expect(try scene.contents() == HubScene.expected())
    }

    @Test func nobodyThere() async throws {
        let scene = try HubScene()
        let settings = try scene.settings()
        scene.hub.stop()
        let pull = ModelPull(try ModelReference(HubScene.name), settings, agent: "test", terms: HubScene.terms)
        let error = await #expect(throws: HubError.self) { try await pull.run() }
        #expect(error?.code == .unreachable)
    }

    // MARK: - Parts

    @Test func aServerThatGivesNoParts() async throws {
        let scene = try HubScene()
        try scene.begin(with: HubScene.weights.prefix(100_000))
        scene.hub.script { request, reply in
            guard request.isStore else { return reply }
            return .init(200, [], HubScene.weights)
        }
        try await scene.pull()
        #expect(try scene.contents() == HubScene.expected())
    }

    @Test(
        "A part that was not asked for",
        arguments: ["bytes 99999-299999/300000", "bytes 0-299999/300000", "", "bytes 5"])
    func wrongParts(_ range: String) async throws {
        let scene = try HubScene()
        try scene.begin(with: HubScene.weights.prefix(100_000))
        scene.hub.script { request, reply in
            guard request.isStore, request.headers["range"] != nil else { return reply }
            return .init(206, range.isEmpty ? [] : [("Content-Range", range)], HubScene.weights.dropFirst(100_000))
        }
        try await scene.pull()
        #expect(try scene.contents() == HubScene.expected())
        #expect(scene.weightRequests.map { $0.headers["range"] } == ["bytes=100000-", nil])
    }

    @Test func aPartThatIsNotThere() async throws {
        let scene = try HubScene()
        try scene.begin(with: HubScene.weights.prefix(100_000))
        scene.hub.script { request, reply in
            request.isStore && request.headers["range"] != nil ? .init(416) : reply
        }
        try await scene.pull()
        #expect(try scene.contents() == HubScene.expected())
    }

    @Test func aFileThatChangesInBetween() async throws {
        let scene = try HubScene()
        scene.hub.script { [hub = scene.hub] request, reply in
            guard request.isStore else { return reply }
            var reply = reply
            if request.headers["range"] != nil {
                // A part of another state of the file.
                let first = request.headers["range"].flatMap { Int($0.dropFirst(6).dropLast()) } ?? 0
                let rest = Data(count: HubScene.weights.count - first)
                return .init(
                    206, [("ETag", "\"second\""), ("Content-Range", "bytes \(first)-299999/300000")], rest)
            }
            if hub.requests.filter({ $0.isStore }).count == 1 {
                reply.headers = [("ETag", "\"first\"")]
                reply.cutAfter = 100_000
            }
            return reply
        }
        try await scene.pull()
        #expect(try scene.contents() == HubScene.expected())
        #expect(scene.weightRequests.count == 3)
    }

    // MARK: - Lies

    @Test("A length that is not that of the file", arguments: [299_999, 300_001, 0, 1 << 40])
    func wrongLengths(_ length: Int) async throws {
        let scene = try HubScene()
        scene.hub.script { request, reply in
            var reply = reply
            if request.isStore { reply.length = length }
            return reply
        }
        #expect(await scene.failure()?.code == .length)
        #expect(!FileManager.default.fileExists(atPath: scene.unfinished))
        #expect(!FileManager.default.fileExists(atPath: scene.blob))
        #expect(throws: HubError.self) { try ModelCache(folder: scene.cache).snapshot(ModelReference(HubScene.name)) }
        scene.hub.script { $1 }
        try await scene.pull()
        #expect(try scene.contents() == HubScene.expected())
    }

    @Test func moreBytesThanTheFileHas() async throws {
        let scene = try HubScene()
        scene.hub.script { request, reply in
            guard request.isStore else { return reply }
            var reply = reply
            reply.body += Data(count: 1)
            reply.length = nil
            return reply
        }
        #expect(await scene.failure()?.code == .length)
        #expect(!FileManager.default.fileExists(atPath: scene.unfinished))
    }

    @Test func fewerBytesWithoutALength() async throws {
        let scene = try HubScene()
        scene.hub.script { request, reply in
            guard request.isStore else { return reply }
            var reply = FakeHub.Reply(200, [], HubScene.weights.prefix(200_000))
            reply.length = nil
            return reply
        }
        #expect(await scene.failure()?.code == .unreachable)
        #expect(!FileManager.default.fileExists(atPath: scene.blob))
    }

    @Test("Other bytes than the hash names", arguments: ["model.safetensors", "tokenizer.json", "config.json"])
    func wrongBytes(_ name: String) async throws {
        let scene = try HubScene()
        let size = HubScene.files[name]?.bytes.count ?? 0
        let hash = HubScene.files[name]?.blob ?? ""
        scene.hub.script { request, reply in
            guard reply.status == 200, reply.body.count == size, request.method == "GET" else { return reply }
            var reply = reply
            reply.body[reply.body.startIndex + size / 2] ^= 1
            return reply
        }
        let error = await scene.failure()
        #expect(
            error?.code == .digest && error?.message.contains(name) == true && error?.message.contains(hash) == true)
        let names = try scene.contents().keys
        #expect(!names.contains { $0.contains(hash) } && !names.contains { $0.contains("snapshots") })
        scene.hub.script { $1 }
        try await scene.pull()
        #expect(try scene.contents() == HubScene.expected())
    }

    @Test func aListingThatNamesAnotherHashThanTheFile() async throws {
        let scene = try HubScene()
        scene.hub.script { request, reply in
            var reply = reply
            if reply.status == 302 {
                reply.headers = reply.headers.map {
                    $0.name == "X-Linked-Etag" ? ($0.name, "\"\(String(repeating: "0", count: 64))\"") : $0
                }
            }
            return reply
        }
        #expect(await scene.failure()?.code == .answer)
        #expect(!FileManager.default.fileExists(atPath: scene.unfinished))
    }

    @Test("Listings that are none", arguments: ["", "[]", "{\"sha\":\"main\"}", "{\"sha\":"])
    func listings(_ text: String) async throws {
        let scene = try HubScene()
        scene.hub.script { request, reply in
            request.path.hasPrefix("/api/") ? .init(200, [], Data(text.utf8)) : reply
        }
        #expect(await scene.failure()?.code == .answer)
    }

    @Test func aListingWithoutEnd() async throws {
        let scene = try HubScene()
        for isSaid in [true, false] {
            scene.hub.script { request, reply in
                var reply = FakeHub.Reply(200, [], Data(repeating: 0x20, count: HubLimits.listingBytes + 1))
                if !isSaid { reply.length = nil }
                return reply
            }
            #expect(await scene.failure()?.code == .limit)
        }
    }

    @Test func filesBeyondAllMeasure() async throws {
        let scene = try HubScene()
        for (name, limit) in [
            ("model.safetensors", HubLimits.weightFileBytes), ("config.json", HubLimits.textFileBytes),
        ] {
            scene.hub.script { request, reply in
                guard request.path.hasPrefix("/api/") else { return reply }
                let size = HubScene.files[name]?.bytes.count ?? 0
                let text = String(decoding: reply.body, as: UTF8.self).replacingOccurrences(
                    of: "\"size\":\(size)", with: "\"size\":\(limit + 1)")
                return .init(200, [], Data(text.utf8))
            }
            #expect(await scene.failure()?.code == .limit)
        }
    }

    @Test("Redirects that are not followed", arguments: ["/again", "ftp://127.0.0.1/x", "http://"])
    func redirects(_ location: String) async throws {
        let scene = try HubScene()
        scene.hub.script { request, reply in
            request.path.hasPrefix("/acme") || request.path == "/again" ? .init(302, [("Location", location)]) : reply
        }
        #expect(await scene.failure()?.code == .answer)
        #expect(scene.hub.requests.count <= HubLimits.redirects + 2)
    }

    @Test func anErrorThatGoesOnForEver() async throws {
        let scene = try HubScene()
        scene.hub.script { request, reply in
            var reply = FakeHub.Reply(404, [("X-Error-Code", "RepoNotFound")], Data(count: 1 << 20))
            reply.drip = (1_000, 50)
            return reply
        }
        #expect(await scene.failure()?.code == .repositoryNotFound, "nobody reads to its end")
    }

    // MARK: - Busy and slow

    @Test("Busy, then not", arguments: [429, 500, 502, 503, 504])
    func busyOnce(_ status: Int) async throws {
        let scene = try HubScene()
        scene.hub.script { [hub = scene.hub] request, reply in
            Self.isFirst(request, in: hub) ? .init(status, [("Retry-After", "0")]) : reply
        }
        let log = PullLog()
        try await scene.pull { log.note($0) }
        #expect(try scene.contents() == HubScene.expected())
        let pauses = log.events.compactMap { event -> Duration? in
            if case .paused(_, _, let time) = event { time } else { nil }
        }
        #expect(pauses.count == 5 && pauses.allSatisfy { $0 == .zero }, "the listing, three files and the store")
    }

    @Test func alwaysBusy() async throws {
        let scene = try HubScene()
        scene.hub.script { _, _ in .init(429) }
        #expect(await scene.failure()?.code == .busy)
        #expect(scene.hub.requests.count == HubScene.terms.retries.tries)
    }

    @Test func longerThanAnybodyWaits() async throws {
        let scene = try HubScene()
        scene.hub.script { _, _ in .init(429, [("Retry-After", "301")]) }
        #expect(await scene.failure()?.code == .busy)
        #expect(scene.hub.requests.count == 1)
    }

    @Test func aHubThatFallsSilent() async throws {
        let scene = try HubScene()
        var terms = HubScene.terms
        terms.connection.silence = .milliseconds(500)
        terms.retries.tries = 50
        scene.hub.script { [hub = scene.hub] request, reply in
            var reply = reply
            // Half of it, then nothing more.
            if request.isStore, hub.requests.filter(\.isStore).count == 1 {
                (reply.cutAfter, reply.holds) = (150_000, true)
            }
            return reply
        }
        try await scene.pull(terms: terms)
        #expect(scene.weightRequests.count >= 2)
        #expect(try scene.contents() == HubScene.expected())
    }

    @Test func aSlowHubIsWaitedFor() async throws {
        let scene = try HubScene()
        scene.hub.script { request, reply in
            var reply = reply
            if request.isStore { reply.drip = (10_000, 5) }
            return reply
        }
        try await scene.pull()
        #expect(scene.weightRequests.count == 1)
        #expect(try scene.contents() == HubScene.expected())
    }
}
