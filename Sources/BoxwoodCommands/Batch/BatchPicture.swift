// SPDX-License-Identifier: MIT
import Glibc
import Grounding
package import Imaging
package import Wire

/// Reads a picture of a run when its turn comes.
package enum BatchPicture {
    /// How many bytes it will take, 0 where that cannot be known before it is read.
    package static func size(_ item: BatchItem) -> Int {
        switch item.source {
        case .member(_, let member): return min(member.size, ImageLimits().maxBytes)
        case .file(let path):
            var status = stat()
            guard stat(path, &status) == 0 else { return 0 }
            return min(max(0, Int(status.st_size)), ImageLimits().maxBytes)
        }
    }

    /// The bytes, once the header has been read and found good. Blocks.
    /// - Throws: INVALID_ARGUMENT with the reason PICTURE, as a service would if it had been sent.
    package static func load(_ item: BatchItem) throws(RPCStatus) -> (bytes: [UInt8], header: ImageHeader) {
        switch item.source {
        case .file(let path): try file(path)
        case .member(let archive, let member): try self.member(archive, member)
        }
    }

    private static func file(_ path: String) throws(RPCStatus) -> (bytes: [UInt8], header: ImageHeader) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw missing(String(cString: strerror(errno))) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw missing("it is not a file") }
        do {
            return try PictureFile.load(path)
        } catch {
            var text = error.message[...]
            for start in ["\(path): ", "\(path) "] where text.hasPrefix(start) { text = text.dropFirst(start.count) }
            throw error.status == .badInput ? fault(String(text)) : missing(String(text))
        }
    }

    private static func member(
        _ archive: TarArchive, _ member: TarMember
    ) throws(RPCStatus) -> (bytes: [UInt8], header: ImageHeader) {
        let limits = ImageLimits()
        guard member.size > 0 else { throw fault("is empty") }
        guard member.size <= limits.maxBytes else {
            throw fault("has more than \(limits.maxBytes >> 20) MiB; a larger picture is not taken")
        }
        let bytes: [UInt8]
        do {
            bytes = try archive.bytes(at: member.offset, count: member.size)
        } catch {
            throw missing("the archive \(error.predicate)")
        }
        do {
            return (bytes, try ImageDecoder.header(of: bytes, limits: limits))
        } catch {
            throw fault(error.message)
        }
    }

    private static func missing(_ why: String) -> RPCStatus { fault("cannot be had: \(why)") }

    private static func fault(_ predicate: String) -> RPCStatus {
        var status = RPCStatus.invalid([FieldViolation("image", predicate)])
        status.reason = RPCStatus.Reason(rawValue: "PICTURE")
        return status
    }
}
