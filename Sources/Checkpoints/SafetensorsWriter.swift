// SPDX-License-Identifier: MIT

public import Foundation
public import Tensors

/// Writes safetensors files that `SafetensorsFile` and the reference reader take.
public enum SafetensorsWriter {
    /// One tensor to write: little-endian, contiguous, row-major bytes.
    public struct Entry {
        public var name: String
        public var elementType: ElementType
        public var shape: Shape
        public var bytes: Data

        /// - Precondition: as many bytes as type and shape ask for.
        public init(name: String, elementType: ElementType, shape: Shape, bytes: Data) {
            precondition(
                bytes.count == shape.count * elementType.byteCount, "\(name): \(bytes.count) bytes for \(shape)")
            self.name = name
            self.elementType = elementType
            self.shape = shape
            self.bytes = bytes
        }

        /// Float32 values in row-major order.
        public init(name: String, shape: Shape, values: [Float]) {
            self.init(
                name: name, elementType: .float32, shape: shape, bytes: values.withUnsafeBytes { Data($0) })
        }
    }

    /// The whole file as bytes: an 8-byte length, the header padded to 8 bytes with blanks, the data.
    public static func encode(_ entries: [Entry], metadata: [String: String]) throws -> Data {
        var header: [String: Any] = ["__metadata__": metadata]
        var offset = 0
        for entry in entries {
            header[entry.name] = [
                "dtype": entry.elementType.rawValue, "shape": entry.shape.extents,
                "data_offsets": [offset, offset + entry.bytes.count],
            ]
            offset += entry.bytes.count
        }
        var json = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
        json.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - json.count % 8) % 8))
        var file = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) }
        file.append(json)
        for entry in entries { file.append(entry.bytes) }
        return file
    }

    /// Writes the file in one piece: either it is there whole or the old one still is.
    public static func write(_ entries: [Entry], metadata: [String: String] = [:], to path: String) throws {
        try encode(entries, metadata: metadata).write(to: URL(fileURLWithPath: path), options: .atomic)
    }
}
