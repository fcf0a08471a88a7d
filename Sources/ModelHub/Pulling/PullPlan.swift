// SPDX-License-Identifier: MIT

/// A file that is to be in the cache.
public struct PlannedFile: Hashable, Sendable {
    public let name: String
    public let size: Int
    public let digest: BlobDigest

    /// - Throws: `limit`.
    package init(name: String, size: Int, digest: BlobDigest) throws(HubError) {
        let limit = FileChoice.isWeights(name) ? HubLimits.weightFileBytes : HubLimits.textFileBytes
        guard (0...limit).contains(size) else {
            throw HubError(.limit, "\(name) has \(size) bytes; the limit is \(limit)")
        }
        (self.name, self.size, self.digest) = (name, size, digest)
    }

    func wrongLength(_ length: Int) -> HubError {
        HubError(.length, "\(name) has \(size) bytes, but the hub sends \(length)")
    }
}

/// What of a file is in the cache already.
public enum PresentPart: Hashable, Sendable {
    case whole
    /// So many bytes of an earlier try.
    case part(Int)
    case nothing
}

/// What a pull has to do. A pure value.
public struct PullPlan: Sendable, Hashable {
    public struct Step: Sendable, Hashable {
        public let file: PlannedFile
        public let present: PresentPart

        package init(file: PlannedFile, present: PresentPart) {
            (self.file, self.present) = (file, present)
        }

        /// Bytes that are still to come.
        public var missingBytes: Int {
            switch present {
            case .whole: 0
            case .part(let bytes): max(0, file.size - bytes)
            case .nothing: file.size
            }
        }
    }

    public let reference: ModelReference
    public let commit: Commit
    public let steps: [Step]

    package init(reference: ModelReference, commit: Commit, steps: [Step]) {
        (self.reference, self.commit, self.steps) = (reference, commit, steps)
    }

    public var bytes: Int { steps.reduce(0) { $0 + $1.file.size } }

    /// What is to be fetched; a file that several names mean counts once.
    public var missingBytes: Int {
        var seen: Set<BlobDigest> = []
        return steps.reduce(0) { seen.insert($1.file.digest).inserted ? $0 + $1.missingBytes : $0 }
    }

    /// - Parameter free: bytes that the user may still write there.
    /// - Throws: `diskSpace`.
    package func checkSpace(free: Int?, in folder: String) throws(HubError) {
        guard let free, missingBytes > 0, free < missingBytes + HubLimits.spareBytes else { return }
        let needed = ByteText.text(missingBytes + HubLimits.spareBytes)
        throw HubError(
            .diskSpace, "\(reference) needs \(needed) more in \(folder), where \(ByteText.text(free)) are free",
            hint: "Make room, or name another folder with HF_HUB_CACHE.")
    }
}

/// Numbers of bytes as people read them.
public enum ByteText {
    public static func text(_ bytes: Int) -> String {
        let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")]
        guard let (size, name) = units.first(where: { bytes >= $0.0 }) else { return "\(bytes) bytes" }
        let hundredths = bytes / (size / 100)
        let (whole, rest) = (hundredths / 100, hundredths % 100)
        if whole >= 100 { return "\(whole) \(name)" }
        return whole >= 10 ? "\(whole).\(rest / 10) \(name)" : "\(whole).\(rest / 10)\(rest % 10) \(name)"
    }
}
