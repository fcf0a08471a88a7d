// SPDX-License-Identifier: MIT

import Foundation

/// A folder of its own for one test, removed with the object.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("checkpoints-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func file(_ name: String) -> String { path + "/" + name }

    @discardableResult
    func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }
}

/// The bytes of a safetensors file with any header, right or wrong.
func safetensors(header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    safetensors(header: Array(header.utf8), data: data, length: length)
}

func safetensors(header: [UInt8], data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    let size = length ?? UInt64(header.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + header + [UInt8](repeating: 0, count: data)
}

/// A header's entry for one tensor.
func entry(_ name: String, _ dtype: String = "F32", shape: String = "[1]", at begin: Int = 0, to end: Int = 4) -> String
{
    #""\#(name)":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":[\#(begin),\#(end)]}"#
}
