// SPDX-License-Identifier: MIT
import Checkpoints
import Foundation
import HubSupport
import ModelHub
import Synchronization
import Tensors
import Testing

@Suite("The cache of models", .timeLimit(.minutes(2)))
struct CacheTests {
    private let first = FakeRepository.firstCommit
    private let second = FakeRepository.secondCommit

    private func cache(_ scene: HubScene) -> ModelCache { ModelCache(folder: scene.cache) }

    private func reference(_ revision: String = "main") throws -> ModelReference {
        try ModelReference("\(HubScene.name)@\(revision)")
    }

    /// A cache with a commit under `main` and an earlier one under `v1`, which share all but the configuration.
    private func twoCommits() async throws -> HubScene {
        let scene = try HubScene()
        scene.hub.change(HubScene.name) { $0.refs["v1"] = FakeRepository.firstCommit }
        try await scene.pull("\(HubScene.name)@v1")
        scene.hub.change(HubScene.name) { repository in
            var files = HubScene.files
            files["config.json"] = .init(Data("{\"v\": 2}".utf8))
            repository.commits[FakeRepository.secondCommit] = files
            repository.refs["main"] = FakeRepository.secondCommit
        }
        try await scene.pull()
        return scene
    }

    @Test func byBranchTagCommitAndItsBeginning() async throws {
        let scene = try await twoCommits()
        for (revision, commit) in [
            ("main", second), ("v1", first), (first, first), (String(second.prefix(7)), second),
        ] {
            #expect(try cache(scene).modelFolder(reference(revision)).hasSuffix("/snapshots/\(commit)"), "\(revision)")
        }
        for revision in ["v2", String(second.prefix(6)), String(repeating: "c", count: 40)] {
            let error = #expect(throws: HubError.self) { try cache(scene).modelFolder(reference(revision)) }
            #expect(error?.code == .notCached)
            #expect(error?.hint == "Fetch it: boxwood model pull acme/tiny --revision \(revision)")
        }
    }

    @Test func listing() async throws {
        let scene = try await twoCommits()
        let manager = FileManager.default
        for other in ["datasets--a--b", "models--gpt2", "models--..--x", "blobs", "models--a--b"] {
            try manager.createDirectory(
                atPath: "\(scene.cache)/\(other)/snapshots/x", withIntermediateDirectories: true)
        }
        let snapshots = cache(scene).snapshots()
        #expect(snapshots.map(\.commit.text) == [first, second] && snapshots.map(\.revisions) == [["v1"], ["main"]])
        #expect(snapshots.map(\.reference) == ["acme/tiny@v1", "acme/tiny"])
        #expect(snapshots[0].bytes == HubScene.wanted.reduce(0) { $0 + (HubScene.files[$1]?.bytes.count ?? 0) })
        #expect(ModelCache(folder: "/nowhere/at/all").snapshots().isEmpty)
    }

    @Test func whatIsNotThereNamesTheCommand() throws {
        let scene = try HubScene()
        let error = #expect(throws: HubError.self) { try cache(scene).modelFolder(reference()) }
        #expect(error?.code == .notCached && error?.hint == "Fetch it: boxwood model pull acme/tiny")
    }

    @Test func aPartOfAModelIsNone() async throws {
        let scene = try HubScene()
        try await scene.pull()
        try FileManager.default.removeItem(atPath: scene.blob)
        let error = #expect(throws: HubError.self) { try cache(scene).modelFolder(reference()) }
        #expect(error?.message.contains("model.safetensors") == true)
        #expect(error?.hint == "Fetch the rest: boxwood model pull acme/tiny")
    }

    @Test func everyShardOfTheIndex() async throws {
        let shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
        let index = "{\"weight_map\": {\"a\": \"\(shards[0])\", \"b\": \"\(shards[1])\"}}"
        let scene = try HubScene([
            "config.json": .init(Data("{}".utf8)), "model.safetensors.index.json": .init(Data(index.utf8)),
            shards[0]: .init(Data(count: 10), isLarge: true), shards[1]: .init(Data(count: 20), isLarge: true),
        ])
        try await scene.pull()
        let folder = try cache(scene).modelFolder(reference())
        try FileManager.default.removeItem(atPath: "\(folder)/\(shards[1])")
        let error = #expect(throws: HubError.self) { try cache(scene).modelFolder(reference()) }
        #expect(error?.message.contains(shards[1]) == true && error?.message.contains(shards[0]) == false)
    }

    /// Where links cannot be made, and in folders that somebody copied, the files themselves are there.
    @Test func copiesAreUsedAsTheyAre() async throws {
        let scene = try HubScene()
        try await scene.pull()
        let folder = try cache(scene).modelFolder(reference())
        for name in HubScene.wanted {
            try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
            try HubScene.files[name]?.bytes.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        try FileManager.default.removeItem(atPath: (scene.blob as NSString).deletingLastPathComponent)
        let before = scene.hub.requests.count
        #expect(try await scene.pull().plan.missingBytes == 0)
        #expect(scene.hub.requests.count == before + 1)
        #expect(try cache(scene).modelFolder(reference()) == folder)
    }

    // MARK: - Verifying

    private func realWeights() throws -> Data {
        try SafetensorsWriter.encode([.init(name: "a", shape: [2], values: [1, 2])], metadata: [:])
    }

    private func check(_ scene: HubScene) throws -> SnapshotCheck {
        try SnapshotCheck(cache(scene).snapshot(reference()))
    }

    @Test func verifying() async throws {
        var files = HubScene.files
        files["model.safetensors"] = .init(try realWeights(), isLarge: true)
        let scene = try HubScene(files)
        try await scene.pull()
        let good = try check(scene)
        #expect(!good.isFaulty && good.entries.allSatisfy { $0.finding == .whole })
        #expect(good.entries.map(\.file).sorted() == HubScene.wanted.sorted())

        let snapshot = try cache(scene).snapshot(reference())
        let path = URL(fileURLWithPath: "\(snapshot.folder)/config.json").resolvingSymlinksInPath()
        var bytes = try Data(contentsOf: path)
        bytes[3] ^= 1
        try bytes.write(to: path)
        try FileManager.default.removeItem(atPath: "\(snapshot.folder)/model.safetensors")
        let bad = try check(scene)
        #expect(bad.isFaulty)
        let faults = bad.entries.filter { $0.finding.isFault }
        #expect(faults.map(\.file) == ["config.json", "model.safetensors"] && faults[1].finding == .missing)
        guard case .damaged(let why) = faults[0].finding else {
            Issue.record("\(faults)")
            return
        }
        #expect(why.contains(files["config.json"]?.gitBlob ?? "none"))
    }

    @Test func weightsThatAreNone() async throws {
        let scene = try HubScene()
        try await scene.pull()
        let faults = try check(scene).entries.filter { $0.finding.isFault }
        #expect(faults.map(\.file) == ["model.safetensors"], "its hash is right, and it is no safetensors file")
    }

    @Test func aCopyHasNoNameToCheck() async throws {
        let scene = try HubScene()
        try await scene.pull()
        let folder = try cache(scene).modelFolder(reference())
        try FileManager.default.removeItem(atPath: "\(folder)/config.json")
        try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(folder)/config.json"))
        #expect(try check(scene).entries.first { $0.file == "config.json" }?.finding == .unnamed)
    }

    // MARK: - Removing

    @Test func oneCommitGoesAndWhatOthersNeedStays() async throws {
        let scene = try await twoCommits()
        let all = try scene.contents()
        let removal = try ModelRemoval(RepositoryName(HubScene.name), Revision("v1"), in: cache(scene))
        #expect(removal.bytes == HubScene.files["config.json"]?.bytes.count)
        #expect(try scene.contents() == all, "nothing goes before it is told to")
        try removal.run()
        let left = try scene.contents()
        #expect(
            left
                == all.filter { path, _ in
                    !path.contains(first) && !path.hasSuffix("refs/v1")
                        && !path.hasSuffix(HubScene.files["config.json"]?.blob ?? "none")
                })
        #expect(try cache(scene).modelFolder(reference()).hasSuffix(second))
        #expect(throws: HubError.self) {
            try ModelRemoval(RepositoryName(HubScene.name), Revision("v1"), in: cache(scene))
        }
    }

    @Test func everythingGoes() async throws {
        let scene = try await twoCommits()
        try scene.begin(with: Data(count: 1_000))
        let removal = try ModelRemoval(RepositoryName(HubScene.name), nil, in: cache(scene))
        let bytes = HubScene.wanted.reduce(0) { $0 + (HubScene.files[$1]?.bytes.count ?? 0) }
        #expect(removal.bytes == bytes + Data("{\"v\": 2}".utf8).count + 1_000)
        try removal.run()
        #expect(try scene.contents().isEmpty)
        #expect(throws: HubError.self) { try ModelRemoval(RepositoryName(HubScene.name), nil, in: cache(scene)) }
        try await scene.pull()
        #expect(try cache(scene).modelFolder(reference()).hasSuffix(second))
    }

    @Test func whatIsBeingFetchedStays() async throws {
        let scene = try HubScene()
        let release = Release()
        scene.hub.script { request, reply in
            while request.isStore, !release.isGiven { usleep(2_000) }
            return reply
        }
        let work = Task { try await scene.pull() }
        while scene.weightRequests.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        let removal = try ModelRemoval(RepositoryName(HubScene.name), nil, in: cache(scene))
        let error = #expect(throws: HubError.self) { try removal.run() }
        release.give()
        #expect(error?.code == .inUse)
        _ = try await work.value
        #expect(try scene.contents() == HubScene.expected())
    }
}

/// What a hub waits for before it answers.
private final class Release: Sendable {
    private let value = Mutex(false)

    var isGiven: Bool { value.withLock { $0 } }

    func give() { value.withLock { $0 = true } }
}
