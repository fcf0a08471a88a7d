// SPDX-License-Identifier: MIT
import Foundation
import HubSupport
import ModelHub
import Synchronization
import Testing

/// A hub with one small repository, and an empty cache.
final class HubScene: Sendable {
    static let name = "acme/tiny"
    static let weights = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })

    static let files: [String: FakeRepository.File] = [
        "config.json": .init(Data("{\"model_type\": \"kosmos-2\"}".utf8)),
        "tokenizer.json": .init(Data(String(repeating: "{} ", count: 5_000).utf8)),
        "empty.json": .init(Data()),
        "model.safetensors": .init(weights, isLarge: true),
        "pytorch_model.bin": .init(Data("no".utf8), isLarge: true), "run.py": .init(Data("no".utf8)),
    ]
    static let wanted = ["config.json", "empty.json", "tokenizer.json", "model.safetensors"]

    let hub: FakeHub
    let cache: String

    init(_ files: [String: FakeRepository.File] = HubScene.files) throws {
        hub = try FakeHub(FakeRepository(Self.name, files))
        cache = NSTemporaryDirectory() + "boxwood-hub-\(UUID().uuidString)"
    }

    deinit {
        hub.stop()
        try? FileManager.default.removeItem(atPath: cache)
    }

    /// Tries at once and gives up soon.
    static var terms: PullTerms {
        var terms = PullTerms()
        terms.retries.firstPause = .milliseconds(1)
        terms.retries.longestPause = .milliseconds(4)
        terms.retries.tries = 4
        terms.turn = .milliseconds(5)
        return terms
    }

    func settings(token: String? = nil, isOffline: Bool = false) throws -> HubSettings {
        HubSettings(
            cache: cache, address: try HubAddress(hub.url),
            token: try token.flatMap { try HubToken(trimming: $0, from: "the test") }, isOffline: isOffline)
    }

    @discardableResult
    func pull(
        _ text: String = HubScene.name, token: String? = nil, repairs: Bool = false, terms: PullTerms = HubScene.terms,
        report: @escaping @Sendable (PullEvent) -> Void = { _ in }
    ) async throws -> ModelPull.Pulled {
        try await ModelPull(
            ModelReference(text), settings(token: token), agent: "test", repairs: repairs, terms: terms, report: report
        ).run()
    }

    /// The pull's failure; records an issue where there is none.
    func failure(
        _ text: String = HubScene.name, token: String? = nil, terms: PullTerms = HubScene.terms,
        _ place: SourceLocation = #_sourceLocation
    ) async -> HubError? {
        await #expect(throws: HubError.self, sourceLocation: place) { try await pull(text, token: token, terms: terms) }
    }

    /// Every file and link of the cache but the locks: what it holds, or where it leads.
    func contents() throws -> [String: String] {
        let manager = FileManager.default
        let paths = (try? manager.subpathsOfDirectory(atPath: cache)) ?? []
        return paths.filter { !$0.hasPrefix(".locks") }.reduce(into: [:]) { contents, path in
            let full = "\(cache)/\(path)"
            if let target = try? manager.destinationOfSymbolicLink(atPath: full) {
                contents[path] = "-> \(target)"
            } else if let data = manager.contents(atPath: full) {
                contents[path] = FakeRepository.File(data).sha256
            }
        }
    }

    /// What the cache is to hold after a whole pull.
    static func expected(
        _ files: [String: FakeRepository.File] = HubScene.files, commit: String = FakeRepository.firstCommit,
        refs: [String] = ["main"]
    ) -> [String: String] {
        let folder = "models--acme--tiny"
        var contents: [String: String] = [:]
        for ref in refs { contents["\(folder)/refs/\(ref)"] = FakeRepository.File(Data(commit.utf8)).sha256 }
        for (name, file) in files where wanted.contains(name) {
            contents["\(folder)/snapshots/\(commit)/\(name)"] = "-> ../../blobs/\(file.blob)"
            contents["\(folder)/blobs/\(file.blob)"] = file.sha256
        }
        return contents
    }

    /// Requests for the bytes of the weights.
    var weightRequests: [FakeHub.Request] { hub.requests.filter { $0.isStore && $0.method == "GET" } }

    /// Where the weights lie until they are whole.
    var unfinished: String { blob + ".incomplete" }
    var blob: String { "\(cache)/models--acme--tiny/blobs/\(Self.files["model.safetensors"]?.blob ?? "")" }

    /// Puts bytes of an earlier try there.
    func begin(with bytes: Data) throws {
        try FileManager.default.createDirectory(
            atPath: (blob as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try bytes.write(to: URL(fileURLWithPath: unfinished))
    }
}

/// What a pull told, in order.
final class PullLog: Sendable {
    private let list = Mutex<[PullEvent]>([])

    var events: [PullEvent] { list.withLock { $0 } }

    /// Whether somebody waited for another who fetches that file.
    func hasShared(_ name: String) -> Bool {
        events.contains { event in
            if case .shared(let file, _) = event { file.name == name } else { false }
        }
    }

    func note(_ event: PullEvent) { list.withLock { $0.append(event) } }
}
