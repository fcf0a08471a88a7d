// SPDX-License-Identifier: MIT

import Foundation
public import Tensors

/// What a safetensors file holds, before it is written: for files too large to be made in memory.
public struct SafetensorsLayout {
    public struct Entry: Sendable {
        public let name: String
        public let elementType: ElementType
        public let shape: Shape

        public init(name: String, elementType: ElementType, shape: Shape) {
            self.name = name
            self.elementType = elementType
            self.shape = shape
        }

        public var byteCount: Int { shape.count * elementType.byteCount }
    }

    public let entries: [Entry]
    public let metadata: [String: String]

    /// Where the data starts: a whole number of cache lines, so that tensors of whole lines are aligned to them.
    private static let alignment = 64

    public init(entries: [Entry], metadata: [String: String]) {
        self.entries = entries
        self.metadata = metadata
    }

    /// The length of the header and the header, padded with blanks.
    func prefix() throws -> Data {
        var header: [String: Any] = ["__metadata__": metadata]
        var offset = 0
        for entry in entries {
            header[entry.name] = [
                "dtype": entry.elementType.rawValue, "shape": entry.shape.extents,
                "data_offsets": [offset, offset + entry.byteCount],
            ]
            offset += entry.byteCount
        }
        var json = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
        let ragged = (json.count + 8) % Self.alignment
        json.append(contentsOf: [UInt8](repeating: 0x20, count: (Self.alignment - ragged) % Self.alignment))
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json
    }
}

extension SafetensorsWriter {
    /// Makes a file tensor by tensor, in place on the disk, and gives it its name when it is whole.
    ///
    /// - Parameter fill: writes one tensor's bytes; called in the order of the entries.
    /// - Throws: `unreadable` where the file cannot be made, or the disk is full.
    public static func write(
        _ layout: SafetensorsLayout, to path: String,
        fill: (SafetensorsLayout.Entry, UnsafeMutableRawBufferPointer) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        guard let prefix = try? layout.prefix() else {
            throw CheckpointError(.headerEncoding, "a header that cannot be written")
        }
        let size = layout.entries.reduce(prefix.count) { $0 + $1.byteCount }
        let unfinished = path + ".\(getpid()).part"
        defer { unlink(unfinished) }
        let bytes = try mapNew(unfinished, size: size)
        defer { munmap(bytes.baseAddress, size) }
        prefix.withUnsafeBytes { bytes.copyMemory(from: $0) }
        var offset = prefix.count
        for entry in layout.entries {
            try fill(entry, UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<offset + entry.byteCount]))
            offset += entry.byteCount
        }
        // On the disk before it has its name: what a later process maps under that name is never a part of it.
        guard msync(bytes.baseAddress, size, MS_SYNC) == 0 else { throw failure("cannot write", path) }
        guard rename(unfinished, path) == 0 else { throw failure("cannot name", path) }
    }

    /// A new file of that size, all of it on the disk, mapped for writing.
    private static func mapNew(_ path: String, size: Int) throws(CheckpointError) -> UnsafeMutableRawBufferPointer {
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("cannot make", path) }
        defer { close(descriptor) }
        // Reserved now, because a disk that fills up under a mapping ends the process.
        let refusal = posix_fallocate(descriptor, 0, off_t(size))
        guard refusal == 0 else {
            unlink(path)
            errno = refusal
            throw failure("no room for \(size) bytes:", path)
        }
        guard let start = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), start != MAP_FAILED else {
            throw failure("cannot map", path)
        }
        return UnsafeMutableRawBufferPointer(start: start, count: size)
    }

    private static func failure(_ what: String, _ path: String) -> CheckpointError {
        CheckpointError(.unreadable, "\(what) \(path): \(String(cString: strerror(errno)))")
    }
}

extension StoredTensor {
    /// Gives the memory of a mapped tensor back; it is read from its file again when it is next needed.
    public func discardPages() {
        guard let start = bytes.baseAddress else { return }
        let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
        let (first, end) = (UInt(bitPattern: start), UInt(bitPattern: start) + UInt(bytes.count))
        // Whole pages only: the first and the last may hold a neighbour's bytes.
        let (from, to) = ((first + page - 1) / page * page, end / page * page)
        guard from < to else { return }
        madvise(UnsafeMutableRawPointer(bitPattern: from), Int(to - from), MADV_DONTNEED)
    }
}
