// SPDX-License-Identifier: MIT

import Checkpoints
import Foundation
import Tensors
import Testing

@Suite("A model folder")
struct CheckpointTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(Array("{}".utf8), to: "config.json")
    }

    private func write(_ names: [String], to file: String, type: ElementType = .float32) throws {
        try SafetensorsWriter.write(
            names.map {
                .init(name: $0, elementType: type, shape: [2], bytes: Data(count: 2 * type.byteCount))
            }, to: folder.file(file))
    }

    private func writeIndex(_ map: [String: String]) throws {
        let data = try JSONSerialization.data(withJSONObject: ["metadata": ["total_size": 8], "weight_map": map])
        try folder.write(data, to: "model.safetensors.index.json")
    }

    private func code(_ body: () throws -> Void) -> CheckpointError.Code? {
        let error = #expect(throws: CheckpointError.self, performing: body)
        return error?.code
    }

    @Test("A tensor has the shape that was asked for")
    func shapes() throws {
        try write(["a"], to: "model.safetensors")
        let checkpoint = try Checkpoint(folder: folder.path)
        #expect(try checkpoint.tensor("a", shape: [2]).shape == [2])
        let misshapen = #expect(throws: CheckpointError.self) { try checkpoint.tensor("a", shape: [1, 2]) }
        #expect(misshapen?.code == .misshapenTensor)
        #expect(misshapen?.message.contains("[2]") == true && misshapen?.message.contains("[1, 2]") == true)
        let missing = #expect(throws: CheckpointError.self) { try checkpoint.tensor("b", shape: [2]) }
        #expect(missing?.code == .missingTensor)
        #expect(missing?.message.contains("\"b\"") == true)
    }

    @Test("Only F32, F16 and BF16 are weights", arguments: ElementType.allCases)
    func types(_ type: ElementType) throws {
        try write(["a"], to: "model.safetensors", type: type)
        let checkpoint = try Checkpoint(folder: folder.path)
        if [.float32, .float16, .bfloat16].contains(type) {
            #expect(try checkpoint.tensor("a", shape: [2]).elementType == type)
        } else {
            #expect(code { _ = try checkpoint.tensor("a", shape: [2]) } == .elementType)
        }
    }

    @Test("A tensor without a place is named")
    func others() throws {
        try write(["a", "b"], to: "model.safetensors")
        let checkpoint = try Checkpoint(folder: folder.path)
        try checkpoint.requireNoOthers(than: ["a", "b", "c"])
        let error = #expect(throws: CheckpointError.self) { try checkpoint.requireNoOthers(than: ["a"]) }
        #expect(error?.code == .extraTensor)
        #expect(error?.message.contains("\"b\"") == true)
    }

    @Test("Shards are one checkpoint")
    func shards() throws {
        try write(["a"], to: "model-1.safetensors")
        try write(["b"], to: "model-2.safetensors")
        try writeIndex(["a": "model-1.safetensors", "b": "model-2.safetensors"])
        let checkpoint = try Checkpoint(folder: folder.path)
        #expect(checkpoint.names == ["a", "b"])
        #expect(try checkpoint.tensor("b", shape: [2]).shape == [2])
    }

    @Test("An index that disagrees with its shards is an error")
    func disagreement() throws {
        try write(["a", "c"], to: "model-1.safetensors")
        try write(["b"], to: "model-2.safetensors")
        try writeIndex(["a": "model-1.safetensors", "b": "model-2.safetensors"])
        #expect(code { _ = try Checkpoint(folder: folder.path) } == .index)
        try writeIndex(["a": "model-2.safetensors", "c": "model-1.safetensors", "b": "model-2.safetensors"])
        #expect(code { _ = try Checkpoint(folder: folder.path) } == .index)
        try writeIndex(["a": "model-1.safetensors", "c": "model-1.safetensors", "z": "model-1.safetensors"])
        #expect(code { _ = try Checkpoint(folder: folder.path) } == .missingTensor)
        try writeIndex(["a": "absent.safetensors"])
        #expect(code { _ = try Checkpoint(folder: folder.path) } == .unreadable)
    }

    @Test(
        "A shard is a plain file name",
        arguments: ["../a.safetensors", "/tmp/a.safetensors", "sub/a.safetensors", ".a.safetensors", "a.bin", ""])
    func shardNames(_ name: String) throws {
        try writeIndex(["a": name])
        #expect(code { _ = try Checkpoint(folder: folder.path) } == .index)
    }

    @Test(
        "An index that is no index", arguments: ["", "[]", "{}", #"{"weight_map": 1}"#, #"{"weight_map": {"a": 1}}"#])
    func indexSyntax(_ text: String) throws {
        try folder.write(Array(text.utf8), to: "model.safetensors.index.json")
        #expect(code { _ = try Checkpoint(folder: folder.path) } == .index)
    }

    @Test("A folder without weights, without configuration, or no folder at all")
    func absences() throws {
        #expect(code { _ = try Checkpoint(folder: folder.path) } == .unreadable)
        #expect(code { _ = try Checkpoint(folder: folder.file("absent")) } == .unreadable)
        try write(["a"], to: "model.safetensors")
        _ = try Checkpoint(folder: folder.path)
        try FileManager.default.removeItem(atPath: folder.file("config.json"))
        #expect(code { _ = try Checkpoint(folder: folder.path) } == .unreadable)
    }

    @Test("A hub cache's links are followed, and its name is the model's")
    func hubCache() throws {
        let root = folder.file("models--someone--some-model")
        let snapshot = root + "/snapshots/abc"
        try FileManager.default.createDirectory(atPath: snapshot, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: root + "/blobs", withIntermediateDirectories: true)
        try SafetensorsWriter.write([.init(name: "a", shape: [1], values: [1])], to: root + "/blobs/1")
        try Data("{}".utf8).write(to: URL(fileURLWithPath: root + "/blobs/2"))
        for (name, blob) in [("model.safetensors", "1"), ("config.json", "2")] {
            try FileManager.default.createSymbolicLink(
                atPath: snapshot + "/" + name, withDestinationPath: "../../blobs/" + blob)
        }
        let checkpoint = try Checkpoint(folder: snapshot)
        #expect(checkpoint.names == ["a"])
        #expect(checkpoint.name == "someone/some-model")
        #expect(try checkpoint.json("config.json") == Data("{}".utf8))
    }

    @Test("The revision follows configuration and weights")
    func revision() throws {
        try write(["a"], to: "model.safetensors")
        let first = try Checkpoint(folder: folder.path).revision
        #expect(first.count == 16)
        #expect(try Checkpoint(folder: folder.path).revision == first)
        try folder.write(Array("{ }".utf8), to: "config.json")
        let second = try Checkpoint(folder: folder.path).revision
        #expect(second != first)
        try SafetensorsWriter.write(
            [.init(name: "a", shape: [2], values: [0, 1])], to: folder.file("model.safetensors"))
        #expect(try Checkpoint(folder: folder.path).revision != second)
    }
}
