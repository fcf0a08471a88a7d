// SPDX-License-Identifier: MIT
import Foundation
import ModelHub
import Testing

@Suite("What is fetched of a repository")
struct PlanTests {
    static let reference = ModelReference(try! RepositoryName("a/b"))

    private func chosen(_ names: [String]) throws -> [String] {
        let siblings = names.map { "{\"rfilename\": \(String(reflecting: $0))}" }.joined(separator: ",")
        let json = Data("{\"sha\": \"\(FakeCommit.text)\", \"siblings\": [\(siblings)]}".utf8)
        return try FileChoice.choose(RepositoryListing(json: json, Self.reference), of: Self.reference.repository).map(
            \.name)
    }

    @Test func thePublishedRepository() throws {
        let names = [
            ".gitattributes", "README.md", "added_tokens.json", "annotated_snowman.jpg", "config.json",
            "generation_config.json", "model.safetensors", "preprocessor_config.json", "pytorch_model.bin",
            "sentencepiece.bpe.model", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json",
            "two_dogs.jpg",
        ]
        #expect(
            try chosen(names) == [
                "config.json", "added_tokens.json", "generation_config.json", "preprocessor_config.json",
                "sentencepiece.bpe.model", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json",
                "model.safetensors",
            ])
    }

    @Test(arguments: [
        "pytorch_model.bin", "model.pt", "x.pth", "x.pkl", "x.pickle", "x.ckpt", "x.npz", "x.py", "x.sh", "x.msgpack",
        "x.h5",
        "x.zip", "../x.json", "a/x.json", ".x.json", "x\\y.json", "ü.json", "x.json.py", "", "x.SAFETENSORS",
        "model.fp16.safetensors", "adapter.safetensors", String(repeating: "x", count: 196) + ".json",
    ])
    func whatIsLeftOut(_ name: String) throws {
        #expect(try chosen([name, "config.json", "model.safetensors"]) == ["config.json", "model.safetensors"])
    }

    @Test func shards() throws {
        let shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
        let index = "model.safetensors.index.json"
        #expect(try chosen(shards + [index, "config.json"]) == ["config.json", index] + shards)
        #expect(
            try chosen(shards + [index, "config.json", "model.safetensors"]) == ["config.json", "model.safetensors"],
            "whoever opens the folder takes the one file")
    }

    @Test func nothingToRun() {
        for names in [["config.json", "pytorch_model.bin"], ["model.safetensors"], [], ["config.json"]] {
            let error = #expect(throws: HubError.self) { try chosen(names) }
            #expect(error?.code == .noWeights, "\(names)")
        }
    }

    @Test func bounds() throws {
        let most = (0..<HubLimits.files - 2).map { "f\($0).json" } + ["config.json", "model.safetensors"]
        #expect(try chosen(most).count == HubLimits.files)
        #expect(throws: HubError.self) { try chosen(most + ["one-more.json"]) }
        #expect(throws: HubError.self) { try chosen(["config.json", "config.json", "model.safetensors"]) }
        let longest = String(repeating: "x", count: HubLimits.fileNameBytes - 5) + ".json"
        #expect(try chosen([longest, "config.json", "model.safetensors"]).contains(longest))
    }

    @Test func sizes() throws {
        let digest = try #require(BlobDigest(FakeCommit.text))
        for (name, limit) in [("a.json", HubLimits.textFileBytes), ("a.safetensors", HubLimits.weightFileBytes)] {
            #expect(try PlannedFile(name: name, size: limit, digest: digest).size == limit)
            #expect(throws: HubError.self) { try PlannedFile(name: name, size: limit + 1, digest: digest) }
            #expect(throws: HubError.self) { try PlannedFile(name: name, size: -1, digest: digest) }
        }
    }

    @Test func listings() throws {
        func listing(_ text: String, _ reference: ModelReference = Self.reference) throws -> RepositoryListing {
            try RepositoryListing(json: Data(text.utf8), reference)
        }
        let sha256 = String(repeating: "0", count: 64)
        let entries = try listing(
            """
            {"sha": "\(FakeCommit.text)", "siblings": [
              {"rfilename": "a", "size": 5, "blobId": "\(FakeCommit.text)"},
              {"rfilename": "b", "size": 5, "blobId": "\(FakeCommit.text)", "lfs": {"sha256": "\(sha256)", "size": 7}},
              {"rfilename": "c"}, {"rfilename": "d", "size": 1, "blobId": "no hash"}]}
            """
        ).entries
        #expect(entries.map(\.size) == [5, 7, nil, 1])
        #expect(entries.map(\.digest?.text) == [FakeCommit.text, sha256, nil, nil])
        for bad in ["", "[]", "{}", "{\"sha\": \"main\"}", "{\"sha\": \"\(FakeCommit.text)\", \"siblings\": [{}]}"] {
            #expect(throws: HubError.self, "\(bad)") { try listing(bad) }
        }
        let other = try ModelReference("a/b@" + String(repeating: "c", count: 40))
        #expect(throws: HubError.self, "another commit than the one asked for") {
            try listing("{\"sha\": \"\(FakeCommit.text)\", \"siblings\": []}", other)
        }
    }

    @Test func space() throws {
        let commit = try #require(Commit(FakeCommit.text))
        let digests = (0..<4).compactMap { BlobDigest(String(repeating: "\($0)", count: 40)) }
        let parts: [(Int, PresentPart)] = [(100, .whole), (1_000, .part(400)), (30, .nothing), (5, .part(9))]
        let steps = try zip(parts, digests).map { part, digest in
            PullPlan.Step(file: try PlannedFile(name: "f.json", size: part.0, digest: digest), present: part.1)
        }
        let plan = PullPlan(reference: Self.reference, commit: commit, steps: steps + [steps[2]])
        #expect(plan.missingBytes == 630, "what two names mean comes once")
        try plan.checkSpace(free: 630 + HubLimits.spareBytes, in: "/c")
        try plan.checkSpace(free: nil, in: "/c")
        let error = #expect(throws: HubError.self) { try plan.checkSpace(free: 629 + HubLimits.spareBytes, in: "/c") }
        #expect(error?.code == .diskSpace && error?.message.contains("/c") == true)
        try PullPlan(reference: Self.reference, commit: commit, steps: [steps[0]]).checkSpace(free: 0, in: "/c")
    }

    @Test(arguments: [
        (0, "0 bytes"), (999, "999 bytes"), (1_000, "1.00 kB"), (12_345, "12.3 kB"), (999_999, "999 kB"),
        (6_658_000_000, "6.65 GB"),
    ])
    func bytes(_ bytes: Int, _ text: String) {
        #expect(ByteText.text(bytes) == text)
    }
}
