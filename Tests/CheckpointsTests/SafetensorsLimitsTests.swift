// SPDX-License-Identifier: MIT

import Checkpoints
import Testing

@Suite("The limits of a safetensors header, on both sides")
struct SafetensorsLimitsTests {
    private func code(of header: String, data: Int) throws -> CheckpointError.Code? {
        let folder = try TemporaryFolder()
        let path = try folder.write(safetensors(header: header, data: data), to: "a.safetensors")
        do {
            _ = try SafetensorsFile(path: path)
            return nil
        } catch {
            return error.code
        }
    }

    @Test(
        "Rank",
        arguments: [
            (SafetensorsLimits.rank, CheckpointError.Code?.none),
            (SafetensorsLimits.rank + 1, CheckpointError.Code?.some(.limit)),
        ])
    func rank(_ rank: Int, _ expected: CheckpointError.Code?) throws {
        let shape = "[" + Array(repeating: "1", count: rank).joined(separator: ",") + "]"
        #expect(try code(of: "{\(entry("a", shape: shape))}", data: 4) == expected)
    }

    @Test(
        "Name length",
        arguments: [
            (SafetensorsLimits.nameBytes, CheckpointError.Code?.none),
            (SafetensorsLimits.nameBytes + 1, CheckpointError.Code?.some(.limit)),
        ])
    func name(_ length: Int, _ expected: CheckpointError.Code?) throws {
        #expect(try code(of: "{\(entry(String(repeating: "n", count: length)))}", data: 4) == expected)
    }

    @Test(
        "Number of tensors",
        arguments: [
            (SafetensorsLimits.tensors, CheckpointError.Code?.none),
            (SafetensorsLimits.tensors + 1, CheckpointError.Code?.some(.limit)),
        ])
    func tensors(_ count: Int, _ expected: CheckpointError.Code?) throws {
        let header =
            "{" + (0..<count).map { entry("\($0)", "U8", shape: "[0]", at: 0, to: 0) }.joined(separator: ",") + "}"
        #expect(try code(of: header, data: 0) == expected)
    }
}
