// SPDX-License-Identifier: MIT

import Checkpoints
import Foundation
import Tensors
import Testing

@Suite("Damaged files")
struct MutationTests {
    /// A fixed sequence, so that a failure can be repeated.
    private struct Noise: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state ^ (state >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        }
    }

    private static let valid: [UInt8] = {
        let entries = [
            entry("a", shape: "[2,3]", at: 0, to: 24), entry("b", "BF16", shape: "[4]", at: 24, to: 32),
            entry("c", "U8", shape: "[]", at: 32, to: 33),
        ]
        let header = #"{"__metadata__":{"format":"pt"},"# + entries.joined(separator: ",") + "}"
        return safetensors(header: header, data: 33)
    }()

    private static func mutate(_ bytes: [UInt8], _ noise: inout Noise) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &noise) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &noise)
            switch Int.random(in: 0..<6, using: &noise) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &noise)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &noise)
            case 2: bytes.removeSubrange(place...)
            case 3: bytes.remove(at: place)
            case 4: bytes.insert(Array("{}[],:\"0919\\".utf8).randomElement(using: &noise)!, at: place)
            default:
                let end = Int.random(in: place...bytes.count, using: &noise)
                bytes.insert(contentsOf: bytes[place..<min(end, place + 64)], at: place)
            }
        }
        return bytes
    }

    @Test("A damaged file is refused, or all its tensors lie inside it", arguments: UInt64(0)..<8)
    func mutations(_ seed: UInt64) throws {
        let folder = try TemporaryFolder()
        var noise = Noise(state: seed &* 0x9E37_79B9_7F4A_7C15 &+ 1)
        var refused = 0
        for _ in 0..<500 {
            let bytes = Self.mutate(Self.valid, &noise)
            let path = try folder.write(bytes, to: "a.safetensors")
            guard let file = try? SafetensorsFile(path: path) else {
                refused += 1
                continue
            }
            let tensors = file.names.compactMap(file.tensor)
            #expect(tensors.count == file.names.count)
            let total = tensors.reduce(0) { $0 + $1.bytes.count }
            let header = bytes.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
            #expect(total == bytes.count - 8 - header)
            for tensor in tensors { #expect(tensor.bytes.reduce(0) { $0 &+ Int($1) } >= 0) }
        }
        #expect(refused > 250, "most damage is noticed")
    }

    @Test("Every prefix of a valid file is refused")
    func prefixes() throws {
        let folder = try TemporaryFolder()
        for length in Self.valid.indices {
            let path = try folder.write(Self.valid.prefix(length), to: "a.safetensors")
            #expect(throws: CheckpointError.self, "\(length) bytes") { try SafetensorsFile(path: path) }
        }
        #expect(try SafetensorsFile(path: folder.write(Self.valid, to: "a.safetensors")).names == ["a", "b", "c"])
    }
}
