// SPDX-License-Identifier: MIT

import Checkpoints
import Foundation
import Tensors
import Testing

@Suite("The rules of a safetensors file")
struct SafetensorsRulesTests {
    struct Broken: Sendable, CustomTestStringConvertible {
        var rule: String
        var bytes: [UInt8]
        var code: CheckpointError.Code

        init(_ rule: String, _ bytes: [UInt8], _ code: CheckpointError.Code) {
            self.rule = rule
            self.bytes = bytes
            self.code = code
        }

        init(_ rule: String, header: String, data: Int = 4, _ code: CheckpointError.Code) {
            self.init(rule, safetensors(header: header, data: data), code)
        }

        var testDescription: String { rule }
    }

    static let bounds: [Broken] = [
        Broken("an empty file", [], .headerTooSmall),
        Broken("seven bytes", [2, 0, 0, 0, 0, 0, 0], .headerTooSmall),
        Broken("a header above the limit", safetensors(header: "{}", length: 100_000_001), .headerTooLarge),
        Broken("a header length of all ones", safetensors(header: "{}", length: .max), .headerTooLarge),
        Broken("a header one byte longer than the file", safetensors(header: "{}", length: 3), .headerLength),
        Broken(
            "a header that is not UTF-8", safetensors(header: [0x7B, 0x22, 0xFF, 0x22, 0x7D]), .headerEncoding),
        Broken("a surrogate in UTF-8", safetensors(header: [0x7B, 0xED, 0xA0, 0x80, 0x7D]), .headerEncoding),
        Broken("bytes after the last tensor", header: "{\(entry("a"))}", data: 5, .fileSize),
        Broken("a file cut short", header: "{\(entry("a"))}", data: 3, .fileSize),
        Broken("data without a tensor", header: "{}", data: 1, .fileSize),
    ]

    static let offsets: [Broken] = [
        Broken("a hole before the first tensor", header: "{\(entry("a", at: 4, to: 8))}", data: 8, .offsets),
        Broken("a hole between two", header: "{\(entry("a")),\(entry("b", at: 8, to: 12))}", data: 12, .offsets),
        Broken("two that overlap", header: "{\(entry("a")),\(entry("b", at: 2, to: 6))}", data: 6, .offsets),
        Broken("two over the same bytes", header: "{\(entry("a")),\(entry("b"))}", .offsets),
        Broken(
            "an end before its begin", header: "{\(entry("a")),\(entry("b", at: 4, to: 0))}", .offsets),
        Broken("bytes more than the shape asks for", header: "{\(entry("a", at: 0, to: 8))}", data: 8, .tensorSize),
        Broken("bytes fewer than the shape asks for", header: "{\(entry("a", shape: "[2]"))}", .tensorSize),
        Broken(
            "a product that overflows",
            header: "{\(entry("a", shape: "[4294967296,4294967296]"))}", .overflow),
        Broken(
            "an overflow behind a zero", header: "{\(entry("a", shape: "[4294967296,4294967296,0]", at: 0, to: 0))}",
            data: 0, .overflow),
        Broken(
            "a size above the largest integer", header: "{\(entry("a", shape: "[2305843009213693952]"))}",
            .overflow),
        Broken("an integer of 21 digits", header: "{\(entry("a", shape: "[100000000000000000000]"))}", .overflow),
        Broken("an unknown dtype", header: "{\(entry("a", "F24"))}", .elementType),
    ]

    private static let malformed: [(String, String)] = [
        ("a leading blank", " {}"), ("an empty header", ""), ("an array", "[]"), ("a BOM", "\u{FEFF}{}"),
        ("an unclosed object", "{"), ("two objects", "{}{}"), ("a trailing comma", "{\(entry("a")),}"),
        ("a name twice", "{\(entry("a")),\(entry("a", at: 4, to: 8))}"),
        ("a name twice, once escaped", #"{\#(entry("a")),\#(entry("\\u0061", at: 4, to: 8))}"#),
        ("__metadata__ twice", #"{"__metadata__":{},"__metadata__":{}}"#),
        ("a metadata key twice", #"{"__metadata__":{"a":"1","a":"2"}}"#),
        ("names alike but for normalisation", "{\(entry("\u{E9}")),\(entry("e\u{301}", at: 4, to: 8))}"),
        ("metadata that is not text", #"{"__metadata__":{"a":1}}"#),
        ("metadata that is no object", #"{"__metadata__":"pt"}"#),
        ("an exponent in the shape", "{\(entry("a", shape: "[1e0]"))}"),
        ("a fraction in the shape", "{\(entry("a", shape: "[1.0]"))}"),
        ("a sign in the shape", "{\(entry("a", shape: "[-1]"))}"),
        ("a leading zero in the shape", "{\(entry("a", shape: "[01]"))}"),
        ("text in the shape", #"{\#(entry("a", shape: "[\"1\"]"))}"#),
        ("three offsets", #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}"#),
        ("one offset", #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#),
        ("a field too many", #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}"#),
        ("a field twice", #"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#),
        ("no dtype", #"{"a":{"shape":[1],"data_offsets":[0,4]}}"#),
        ("no shape", #"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#),
        ("a tensor that is null", #"{"a":null}"#), ("nesting", String(repeating: #"{"a":"#, count: 100_000)),
        ("a lone surrogate", #"{"\ud800":{}}"#), ("an unknown escape", #"{"\x":{}}"#),
        ("a control character in a name", "{\"a\u{1}\":{}}"), ("an unclosed name", #"{"a"#),
    ]
    static let syntax: [Broken] = malformed.map { Broken($0.0, header: $0.1, data: 8, .headerSyntax) }

    @Test("A broken rule has its own error", arguments: bounds + offsets + syntax)
    func broken(_ broken: Broken) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(broken.bytes, to: "broken.safetensors")
        let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(path: path) }
        #expect(error?.code == broken.code)
        #expect(error?.message.contains("broken.safetensors") == true)
        #expect(error?.message.contains(folder.path) == false, "names the file, not its folder")
    }

    @Test("A header may be exactly as long as the file")
    func emptyHeader() throws {
        let folder = try TemporaryFolder()
        let file = try SafetensorsFile(path: folder.write(safetensors(header: "{}"), to: "a.safetensors"))
        #expect(file.names.isEmpty)
    }

    @Test("Blanks may follow the object, and scalars and empty tensors are legal")
    func legal() throws {
        let folder = try TemporaryFolder()
        let header = "{\(entry("none", shape: "[0,7]", at: 0, to: 0)),\(entry("scalar", shape: "[]"))}\t\r\n   "
        let file = try SafetensorsFile(path: folder.write(safetensors(header: header, data: 4), to: "a.safetensors"))
        #expect(file.tensor("scalar")?.shape.rank == 0)
        #expect(file.tensor("none")?.bytes.count == 0)
        #expect(file.tensor("other") == nil)
    }

    @Test("A file that is not there, and a folder in its place, are errors")
    func unreadable() throws {
        let folder = try TemporaryFolder()
        for path in [folder.file("absent.safetensors"), folder.path] {
            let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(path: path) }
            #expect(error?.code == .unreadable)
        }
    }
}
