// SPDX-License-Identifier: MIT

import Foundation
public import Tensors

/// A safetensors file, mapped and checked: no tensor of it reaches outside the file or into another one.
///
/// The nine rules of the reference reader hold (huggingface/safetensors, `tensor.rs`), and four more: no name twice,
/// no leading blank, plain integers only, and the limits of `SafetensorsLimits`.
public final class SafetensorsFile: Sendable {
    /// The tensors' names, in the order of their data.
    public let names: [String]
    /// The free text that the writer left; nothing in it is trusted.
    public let metadata: [String: String]

    private let file: MappedFile
    private let tensors: [String: StoredTensor]

    /// - Throws: `CheckpointError` naming the file and the rule it breaks.
    public init(path: String) throws(CheckpointError) {
        file = try MappedFile(path: path)
        let name = (path as NSString).lastPathComponent
        let (header, data) = try Self.split(file.bytes, file: name)
        var scanner = HeaderScanner(header, file: name)
        let (entries, metadata) = try scanner.scan()
        let ordered = entries.sorted { ($0.begin, $0.end) < ($1.begin, $1.end) }
        try Self.checkOffsets(ordered, dataSize: data.count, file: name)
        var tensors: [String: StoredTensor] = [:]
        for entry in ordered {
            // String equality folds Unicode normalisation, which the scanner's comparison of bytes does not.
            guard tensors[entry.name] == nil else {
                throw CheckpointError(
                    .headerSyntax, "\(name): two tensor names differ only in Unicode normalisation: \"\(entry.name)\"")
            }
            tensors[entry.name] = try Self.tensor(entry, data: data, owner: file, file: name)
        }
        self.tensors = tensors
        self.metadata = metadata
        names = ordered.map(\.name)
    }

    /// The tensor of that name, if the file has it.
    public func tensor(_ name: String) -> StoredTensor? {
        tensors[name]
    }

    /// Rules 1 to 4: the length of the header, its bounds, its encoding.
    private static func split(
        _ bytes: UnsafeRawBufferPointer, file: String
    ) throws(CheckpointError) -> (header: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer) {
        guard bytes.count >= 8 else {
            throw CheckpointError(.headerTooSmall, "\(file): \(bytes.count) bytes; a header takes at least 8")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= SafetensorsLimits.headerBytes else {
            throw CheckpointError(
                .headerTooLarge, "\(file): a header of \(length) bytes; the limit is \(SafetensorsLimits.headerBytes)")
        }
        guard Int(length) <= bytes.count - 8 else {
            throw CheckpointError(
                .headerLength, "\(file): the header ends at byte \(length + 8), the file at byte \(bytes.count)")
        }
        let header = UnsafeRawBufferPointer(rebasing: bytes[8..<8 + Int(length)])
        guard String(validating: header, as: UTF8.self) != nil else {
            throw CheckpointError(.headerEncoding, "\(file): the header is not UTF-8")
        }
        return (header, UnsafeRawBufferPointer(rebasing: bytes[(8 + Int(length))...]))
    }

    /// Rules 6 and 9: the tensors tile the data exactly, first byte to last.
    private static func checkOffsets(
        _ entries: [HeaderEntry], dataSize: Int, file: String
    ) throws(CheckpointError) {
        var end: UInt64 = 0
        for entry in entries {
            guard entry.begin == end, entry.end >= entry.begin else {
                throw CheckpointError(
                    .offsets,
                    "\(file): tensor \"\(entry.name)\" takes bytes \(entry.begin) to \(entry.end), but the one before it ends at \(end)"
                )
            }
            end = entry.end
        }
        guard end == UInt64(dataSize) else {
            throw CheckpointError(.fileSize, "\(file): the tensors end at byte \(end) of \(dataSize) bytes of data")
        }
    }

    /// Rules 7 and 8: a size that does not overflow and agrees with the offsets.
    private static func tensor(
        _ entry: HeaderEntry, data: UnsafeRawBufferPointer, owner: MappedFile, file: String
    ) throws(CheckpointError) -> StoredTensor {
        guard let type = ElementType(rawValue: entry.dtype) else {
            throw CheckpointError(
                .elementType, "\(file): tensor \"\(entry.name)\" has the unknown dtype \"\(entry.dtype)\"")
        }
        var size: UInt64 = UInt64(type.byteCount)
        // The non-zero extents are bounded first, so that a zero among them cannot hide an overflow.
        for extent in entry.shape where extent != 0 {
            let (product, overflow) = size.multipliedReportingOverflow(by: extent)
            guard !overflow, product <= UInt64(Int.max) else {
                throw CheckpointError(
                    .overflow, "\(file): the size of tensor \"\(entry.name)\" \(entry.shape) overflows")
            }
            size = product
        }
        if entry.shape.contains(0) { size = 0 }
        guard size == entry.end - entry.begin else {
            throw CheckpointError(
                .tensorSize,
                "\(file): tensor \"\(entry.name)\" \(entry.dtype) \(entry.shape) takes \(size) bytes but has \(entry.end - entry.begin)"
            )
        }
        return StoredTensor(
            elementType: type, shape: Shape(entry.shape.map(Int.init)),
            bytes: UnsafeRawBufferPointer(rebasing: data[Int(entry.begin)..<Int(entry.end)]), owner: owner)
    }
}
