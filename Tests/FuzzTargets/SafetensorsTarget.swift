// SPDX-License-Identifier: MIT
import Checkpoints
import Foundation
import Tensors

extension FuzzTarget {
    /// Files of weights: refused, or all tensors lie in them side by side, and can be written and read again.
    static let safetensors = FuzzTarget(
        "safetensors", words: SafetensorsTarget.words, seeds: SafetensorsTarget.seeds, check: SafetensorsTarget.check)
}

private enum SafetensorsTarget {
    static let words =
        [
            "\"dtype\":", "\"shape\":[", "\"data_offsets\":[0,", "\"__metadata__\":{", "\\u0061", "\\",
            "9223372036854775808",
        ]
        + ElementType.allCases.map { "\"\($0.rawValue)\"" }

    static func seeds() throws -> [(name: String, bytes: [UInt8])] {
        func entry(_ name: String, _ type: ElementType, _ extents: [Int]) -> SafetensorsWriter.Entry {
            let shape = Shape(extents)
            let bytes = Data((0..<shape.count * type.byteCount).map { UInt8(truncatingIfNeeded: $0 * 37) })
            return SafetensorsWriter.Entry(name: name, elementType: type, shape: shape, bytes: bytes)
        }
        let files: [(String, [SafetensorsWriter.Entry], [String: String])] = [
            ("empty", [], [:]), ("scalar", [entry("s", .float64, [])], [:]),
            ("two", [entry("a.weight", .float32, [2, 3]), entry("a.bias", .bfloat16, [4])], ["format": "pt"]),
            ("no-elements", [entry("none", .uint8, [3, 0]), entry("some", .uint8, [1])], [:]),
            ("names", [entry("é\"\\\n", .int8, [1]), entry("\u{1F333}", .bool, [2, 1, 1])], ["ключ": "\u{0}"]),
            ("every-type", ElementType.allCases.map { entry($0.rawValue, $0, [1]) }, [:]),
        ]
        let hole = file(
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}"#
        )
        let overlap = file(
            #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#
        )
        return [("hole", hole), ("overlap", overlap)]
            + (try files.map { ($0.0, Array(try SafetensorsWriter.encode($0.1, metadata: $0.2))) })
    }

    /// A header by hand, and three bytes of data.
    private static func file(_ header: String) -> [UInt8] {
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8) + [7, 8, 9]
    }

    static func check(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let folder = ScratchFolder()
        let file: SafetensorsFile
        do throws(CheckpointError) {
            file = try SafetensorsFile(path: folder.write(input, to: "a.safetensors"))
        } catch {
            try promise(error.message.hasPrefix("a.safetensors"), "an error names the file", error.message)
            try PublicText.check(error.message, quoting: input)
            return false
        }
        let tensors = file.names.compactMap { name in file.tensor(name).map { (name, $0) } }
        try promise(tensors.count == file.names.count, "every name has its tensor")
        try checkPlaces(tensors.map(\.1), input)
        try checkWritten(tensors, file, folder)
        return true
    }

    private static func checkPlaces(_ tensors: [StoredTensor], _ input: [UInt8]) throws(BrokenPromise) {
        let header = input.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        let bytes = tensors.flatMap { Array($0.bytes) }
        // Also reads every byte, under the sanitizer.
        try promise(bytes == Array(input[(8 + header)...]), "the tensors are the data, in order and whole")
    }

    private static func checkWritten(
        _ tensors: [(String, StoredTensor)], _ file: SafetensorsFile, _ folder: borrowing ScratchFolder
    ) throws(BrokenPromise) {
        let entries = tensors.map { name, tensor in
            SafetensorsWriter.Entry(
                name: name, elementType: tensor.elementType, shape: tensor.shape, bytes: Data(tensor.bytes))
        }
        guard let bytes = try? SafetensorsWriter.encode(entries, metadata: file.metadata) else {
            throw BrokenPromise("what was read can be written")
        }
        let again: SafetensorsFile
        do throws(CheckpointError) {
            again = try SafetensorsFile(path: folder.write(Array(bytes), to: "b.safetensors"))
        } catch {
            throw BrokenPromise("what was written can be read", error.message)
        }
        try promise(again.metadata == file.metadata, "metadata are read as they were written")
        for (name, tensor) in tensors {
            let other = again.tensor(name)
            try promise(
                other?.shape == tensor.shape && other?.elementType == tensor.elementType
                    && other.map { Array($0.bytes) } == Array(tensor.bytes), "a tensor is read as it was written", name)
        }
    }
}
