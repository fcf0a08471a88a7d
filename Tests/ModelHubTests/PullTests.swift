// SPDX-License-Identifier: MIT
import Foundation
import HubSupport
import ModelHub
import Testing

/// Pulls from a hub on a real socket that does what it should.
@Suite("Pulling a model", .timeLimit(.minutes(2)))
struct PullTests {
    @Test func everythingThatIsNeededAndNothingElse() async throws {
        let scene = try HubScene()
        let log = PullLog()
        let pulled = try await scene.pull { log.note($0) }
        #expect(try scene.contents() == HubScene.expected())
        #expect(pulled.plan.steps.map(\.file.name) == HubScene.wanted)
        #expect(pulled.plan.missingBytes == pulled.plan.bytes && pulled.plan.bytes > 300_000)
        #expect(pulled.folder == "\(scene.cache)/models--acme--tiny/snapshots/\(FakeRepository.firstCommit)")
        #expect(scene.hub.requests.allSatisfy { !$0.target.contains("pytorch") && !$0.target.contains(".py") })
        #expect(
            scene.hub.requests.allSatisfy {
                $0.headers["user-agent"] == "test" && $0.headers["accept-encoding"] == "identity"
            })
        guard case .planned(pulled.plan)? = log.events.first else {
            Issue.record("the plan is told first")
            return
        }
        let finished = log.events.compactMap { event in
            if case .finished(let file) = event { file.name } else { nil }
        }
        #expect(finished == HubScene.wanted)
    }

    @Test func whatIsThereIsNotFetchedAgain() async throws {
        let scene = try HubScene()
        try await scene.pull()
        let before = scene.hub.requests.count
        let again = try await scene.pull()
        #expect(scene.hub.requests.count == before + 1, "the listing alone")
        #expect(again.plan.missingBytes == 0 && again.plan.steps.allSatisfy { $0.present == .whole })
        #expect(try scene.contents() == HubScene.expected())
    }

    @Test(arguments: [
        ("main", "main"), ("v1", "v1"), ("refs/pr/7", "refs/pr/7"), (FakeRepository.firstCommit, nil as String?),
    ])
    func revisions(_ revision: String, _ ref: String?) async throws {
        let scene = try HubScene()
        scene.hub.change(HubScene.name) { repository in
            for name in ["v1", "refs/pr/7"] { repository.refs[name] = FakeRepository.firstCommit }
        }
        try await scene.pull("\(HubScene.name)@\(revision)")
        #expect(try scene.contents() == HubScene.expected(refs: ref.map { [$0] } ?? []))
        let found = try ModelCache(folder: scene.cache).modelFolder(ModelReference("\(HubScene.name)@\(revision)"))
        #expect(found.hasSuffix(FakeRepository.firstCommit))
    }

    @Test func aNewCommitSharesWhatDidNotChange() async throws {
        let scene = try HubScene()
        try await scene.pull()
        var files = HubScene.files
        files["config.json"] = .init(Data("{\"model_type\": \"kosmos-2\", \"v\": 2}".utf8))
        let changed = files
        scene.hub.change(HubScene.name) { repository in
            repository.commits[FakeRepository.secondCommit] = changed
            repository.refs["main"] = FakeRepository.secondCommit
        }
        let pulled = try await scene.pull()
        #expect(scene.weightRequests.count == 1, "the weights are the same")
        #expect(pulled.plan.steps.filter { $0.present != .whole }.map(\.file.name) == ["config.json"])
        let both = HubScene.expected(refs: []).merging(
            HubScene.expected(files, commit: FakeRepository.secondCommit)
        ) { $1 }
        #expect(try scene.contents() == both)
    }

    @Test func largeFilesComeFromElsewhereWithoutTheToken() async throws {
        let scene = try HubScene()
        scene.hub.change(HubScene.name) { $0.admission = .token("hf_x") }
        try await scene.pull(token: "hf_x")
        #expect(try scene.contents() == HubScene.expected())
        #expect(scene.hub.requests.allSatisfy { ($0.headers["authorization"] == "Bearer hf_x") == !$0.isStore })
    }

    @Test func aRedirectWithinTheHubKeepsTheToken() async throws {
        let scene = try HubScene()
        scene.hub.change(HubScene.name) { repository in
            repository.admission = .token("hf_x")
            repository.sendsAround = true
        }
        try await scene.pull(token: "hf_x")
        #expect(try scene.contents() == HubScene.expected())
        #expect(scene.hub.requests.contains { $0.path.hasPrefix("/api/resolve-cache/") })
    }

    @Test func aHubThatListsNoHashesSaysThemOfEachFile() async throws {
        let scene = try HubScene()
        scene.hub.change(HubScene.name) { repository in
            repository.listsHashes = false
            repository.sendsAround = true
        }
        try await scene.pull()
        #expect(try scene.contents() == HubScene.expected())
        let heads = scene.hub.requests.filter { $0.method == "HEAD" }
        #expect(heads.allSatisfy { !$0.isStore } && heads.count == 2 * 3 + 1, "the hub says it, wherever the bytes are")
    }

    // MARK: - Who may

    @Test func strangersSeeNothing() async throws {
        let scene = try HubScene()
        scene.hub.change(HubScene.name) { $0.admission = .token("hf_x") }
        #expect(await scene.failure()?.code == .unauthorized)
        #expect(await scene.failure(token: "hf_wrong")?.code == .repositoryNotFound)
        #expect(try scene.contents().isEmpty)
    }

    @Test func gatedRepositoriesSayWhatToDo() async throws {
        let scene = try HubScene()
        scene.hub.change(HubScene.name) { $0.admission = .gated("hf_x") }
        let stranger = await scene.failure()
        #expect(stranger?.code == .gated && stranger?.hint?.contains("HF_TOKEN") == true)
        #expect(await scene.failure(token: "hf_y")?.code == .gated)
        try await scene.pull(token: "hf_x")
        #expect(try scene.contents() == HubScene.expected())
    }

    @Test func whatIsNotThere() async throws {
        let scene = try HubScene()
        #expect(await scene.failure("acme/other")?.code == .unauthorized, "the hub does not tell strangers which")
        #expect(await scene.failure("acme/other", token: "hf_x")?.code == .repositoryNotFound)
        let revision = await scene.failure("acme/tiny@v9")
        #expect(revision?.code == .revisionNotFound && revision?.message.contains("v9") == true)
        scene.hub.script { request, reply in
            request.path.hasSuffix("tokenizer.json") ? .init(404, [("X-Error-Code", "EntryNotFound")]) : reply
        }
        let file = await scene.failure()
        #expect(file?.code == .fileNotFound && file?.message.contains("tokenizer.json") == true)
    }

    // MARK: - Before anything is fetched

    @Test func offlineAsksNobody() async throws {
        let scene = try HubScene()
        let pull = ModelPull(
            try ModelReference(HubScene.name), try scene.settings(isOffline: true), agent: "test", terms: HubScene.terms
        )
        let error = await #expect(throws: HubError.self) { try await pull.run() }
        #expect(error?.code == .offline && scene.hub.requests.isEmpty)
    }

    @Test func theDiskIsLookedAtFirst() async throws {
        let scene = try HubScene()
        let bytes = HubScene.wanted.reduce(0) { $0 + (HubScene.files[$1]?.bytes.count ?? 0) }
        var terms = HubScene.terms
        terms.freeBytes = { _ in bytes + HubLimits.spareBytes - 1 }
        let error = await scene.failure(terms: terms)
        #expect(error?.code == .diskSpace && scene.hub.requests.count == 1)
        terms.freeBytes = { _ in bytes + HubLimits.spareBytes }
        try await scene.pull(terms: terms)
        #expect(try scene.contents() == HubScene.expected())
    }

    @Test func aModelOfAnotherKindIsNotFetched() async throws {
        struct Unwanted: Error {}
        let scene = try HubScene()
        let pull = ModelPull(
            try ModelReference(HubScene.name), try scene.settings(), agent: "test", terms: HubScene.terms)
        await #expect(throws: Unwanted.self) {
            _ = try await pull.run { data in
                #expect(data == HubScene.files["config.json"]?.bytes)
                throw Unwanted()
            }
        }
        #expect(scene.weightRequests.isEmpty)
        #expect(throws: HubError.self) { try ModelCache(folder: scene.cache).snapshot(ModelReference(HubScene.name)) }
    }

    // MARK: - Side by side and again

    @Test func twoAtATimeShareTheWork() async throws {
        let scene = try HubScene()
        let log = PullLog()
        // The weights do not come before somebody else waits for them.
        scene.hub.script { request, reply in
            while request.isStore, !log.hasShared("model.safetensors") { usleep(2_000) }
            return reply
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { try await scene.pull { log.note($0) } } }
            try await group.waitForAll()
        }
        #expect(scene.weightRequests.count == 1)
        #expect(try scene.contents() == HubScene.expected())
    }

    @Test func whoeverIsStoppedLeavesWhatTheNextGoesOnWith() async throws {
        let scene = try HubScene()
        scene.hub.script { request, reply in
            var reply = reply
            if request.isStore, request.headers["range"] == nil { (reply.cutAfter, reply.holds) = (200_000, true) }
            return reply
        }
        let log = PullLog()
        let work = Task { try await scene.pull { log.note($0) } }
        while !log.events.contains(where: {
            if case .received(let file, let bytes) = $0 {
                file.name == "model.safetensors" && bytes > 30_000
            } else {
                false
            }
        }) {
            try await Task.sleep(for: .milliseconds(2))
        }
        work.cancel()
        let error = await #expect(throws: HubError.self) { try await work.value }
        #expect(error?.code == .cancelled)
        let left = try #require(FileManager.default.contents(atPath: scene.unfinished)).count
        #expect(left > 30_000 && left < HubScene.weights.count)
        #expect(throws: HubError.self) { try ModelCache(folder: scene.cache).snapshot(ModelReference(HubScene.name)) }
        let pulled = try await scene.pull()
        #expect(pulled.plan.steps.last?.present == .part(left))
        #expect(scene.weightRequests.last?.headers["range"] == "bytes=\(left)-")
        #expect(try scene.contents() == HubScene.expected())
    }

    @Test(
        "What an earlier try left, of whatever length and content, does no harm",
        arguments: [
            0, 1, 150_000, 299_999, 300_000, 300_001, 400_000,
        ])
    func leftovers(_ count: Int) async throws {
        for isRight in [true, false] {
            let scene = try HubScene()
            let rest = Data(repeating: 7, count: max(0, count - HubScene.weights.count))
            try scene.begin(with: isRight ? HubScene.weights.prefix(count) + rest : Data(repeating: 9, count: count))
            try await scene.pull()
            #expect(try scene.contents() == HubScene.expected(), "\(count) \(isRight)")
            let ranges = scene.weightRequests.map { $0.headers["range"] }
            if isRight, count > 0, count < HubScene.weights.count { #expect(ranges == ["bytes=\(count)-"]) }
            if isRight, count == HubScene.weights.count { #expect(ranges.isEmpty) }
        }
    }

    @Test func aBlobOfTheWrongLengthIsFetchedAgain() async throws {
        let scene = try HubScene()
        try await scene.pull()
        try Data("short".utf8).write(to: URL(fileURLWithPath: scene.blob))
        try await scene.pull()
        #expect(try scene.contents() == HubScene.expected())
    }

    @Test func aRepairReadsEveryByte() async throws {
        let scene = try HubScene()
        try await scene.pull()
        try Data(repeating: 1, count: HubScene.weights.count).write(to: URL(fileURLWithPath: scene.blob))
        try await scene.pull()
        #expect(scene.weightRequests.count == 1, "a pull trusts a length")
        try await scene.pull(repairs: true)
        #expect(try scene.contents() == HubScene.expected())
        #expect(scene.weightRequests.count == 2)
        try await scene.pull(repairs: true)
        #expect(scene.weightRequests.count == 2, "what is whole stays")
    }
}
