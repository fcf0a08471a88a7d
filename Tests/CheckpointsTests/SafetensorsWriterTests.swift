// SPDX-License-Identifier: MIT

import Checkpoints
import Foundation
import Tensors
import Testing

@Suite("Writing and reading back")
struct SafetensorsWriterTests {
    @Test("Every element type comes back as it was", arguments: ElementType.allCases)
    func types(_ type: ElementType) throws {
        let folder = try TemporaryFolder()
        let bytes = Data((0..<6 * type.byteCount).map { UInt8(truncatingIfNeeded: $0 * 7) })
        try SafetensorsWriter.write(
            [.init(name: "t", elementType: type, shape: [2, 3], bytes: bytes)], to: folder.file("a.safetensors"))
        let tensor = try #require(try SafetensorsFile(path: folder.file("a.safetensors")).tensor("t"))
        #expect(tensor.elementType == type)
        #expect(tensor.shape == [2, 3])
        #expect(Data(tensor.bytes) == bytes)
    }

    @Test("Metadata of a megabyte, any characters in it, comes back")
    func metadata() throws {
        let folder = try TemporaryFolder()
        let text = String(repeating: #"{"ids": [1, 2], "text": "é\n☃😀\u0000\"}"#, count: 30_000)
        let metadata = ["golden": text, "text_model.lm_head.weight": "text_model.model.embed_tokens.weight"]
        try SafetensorsWriter.write(
            [.init(name: "t", shape: [1], values: [1])], metadata: metadata, to: folder.file("a.safetensors"))
        #expect(try SafetensorsFile(path: folder.file("a.safetensors")).metadata == metadata)
    }

    @Test("The header is padded to eight bytes with blanks", arguments: 1...9)
    func padding(_ length: Int) throws {
        let name = String(repeating: "n", count: length)
        let file = try SafetensorsWriter.encode([.init(name: name, shape: [1], values: [1])], metadata: [:])
        let header = file.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        #expect(header % 8 == 0)
        #expect(file.count == 8 + header + 4)
        #expect(file[7 + header] == UInt8(ascii: " ") || file[7 + header] == UInt8(ascii: "}"))
    }
}
