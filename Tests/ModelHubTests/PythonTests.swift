// SPDX-License-Identifier: MIT
import Foundation
import HubSupport
import ModelHub
import Testing

/// The Python libraries and this room, each with what the other has fetched. BOXWOOD_PYTHON names a Python that has transformers.
@Suite("One cache with the Python libraries", .timeLimit(.minutes(5)), .serialized)
struct PythonTests {
    private static let python = ProcessInfo.processInfo.environment["BOXWOOD_PYTHON"]
    private static let nano = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "models/boxwood-nano").path
    private static let name = "acme/nano"

    private func scene() throws -> (hub: FakeHub, home: String) {
        let files = try FakeRepository.files(ofFolder: Self.nano)
        return (
            try FakeHub(FakeRepository(Self.name, files)), NSTemporaryDirectory() + "boxwood-py-\(UUID().uuidString)"
        )
    }

    private func run(_ script: String, _ hub: FakeHub, _ home: String, isOffline: Bool = false) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.python))
        process.arguments = ["-c", script]
        process.environment = [
            "HF_HOME": home, "HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": isOffline ? "1" : "0",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HOME": home, "PATH": "/usr/bin:/bin",
        ]
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        #expect(status == 0)
    }

    @Test(
        "transformers loads what was pulled",
        .enabled(if: python != nil, "BOXWOOD_PYTHON names no Python with transformers"))
    func theyUseOurs() async throws {
        let (hub, home) = try scene()
        defer { try? FileManager.default.removeItem(atPath: home) }
        let settings = HubSettings(cache: "\(home)/hub", address: try HubAddress(hub.url))
        let pull = ModelPull(try ModelReference(Self.name), settings, agent: "test")
        _ = try await pull.run()
        let before = hub.requests.count
        try await run(
            """
            from transformers import AutoConfig, AutoTokenizer, AutoModelForImageTextToText
            from huggingface_hub import scan_cache_dir, hf_hub_download
            name = "\(Self.name)"
            assert AutoConfig.from_pretrained(name, local_files_only=True).model_type == "kosmos-2"
            AutoTokenizer.from_pretrained(name, local_files_only=True)
            AutoModelForImageTextToText.from_pretrained(name, local_files_only=True)
            hf_hub_download(name, "config.json", revision="\(FakeRepository.firstCommit)", local_files_only=True)
            cache = scan_cache_dir()
            assert not cache.warnings, cache.warnings
            repo, = cache.repos
            assert repo.repo_id == name and {"main"} == set(repo.refs), repo
            """, hub, home, isOffline: true)
        #expect(hub.requests.count == before, "nothing was asked of the hub")
        hub.stop()
    }

    @Test(
        "What the Python libraries fetched is used",
        .enabled(if: python != nil, "BOXWOOD_PYTHON names no Python with transformers"))
    func weUseTheirs() async throws {
        let (hub, home) = try scene()
        defer { try? FileManager.default.removeItem(atPath: home) }
        try await run(
            """
            from huggingface_hub import snapshot_download
            snapshot_download("\(Self.name)", allow_patterns=["*.json", "*.safetensors", "*.model"])
            """, hub, home)
        let cache = ModelCache(folder: "\(home)/hub")
        let reference = try ModelReference(Self.name)
        #expect(try cache.modelFolder(reference).hasSuffix(FakeRepository.firstCommit))
        let check = try SnapshotCheck(cache.snapshot(reference))
        #expect(!check.isFaulty && check.entries.allSatisfy { $0.finding == .whole })
        let settings = HubSettings(cache: cache.folder, address: try HubAddress(hub.url))
        let before = hub.requests.count
        let pulled = try await ModelPull(reference, settings, agent: "test").run()
        #expect(pulled.plan.missingBytes == 0 && hub.requests.count == before + 1)
        let removal = try ModelRemoval(reference.repository, nil, in: cache)
        try removal.run()
        #expect(cache.snapshots().isEmpty && removal.bytes == pulled.plan.bytes)
        hub.stop()
    }
}
