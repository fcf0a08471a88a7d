// SPDX-License-Identifier: MIT
import Checkpoints

/// Whether the files of a model are what the cache says they are.
public struct SnapshotCheck: Sendable {
    public enum Finding: Sendable, Hashable {
        /// Its bytes have the hash that it is called by.
        case whole
        /// Nothing says what its bytes should be: a copy, not a link to a hash.
        case unnamed
        case missing
        case damaged(String)

        public var isFault: Bool {
            switch self {
            case .whole, .unnamed: false
            case .missing, .damaged: true
            }
        }
    }

    public struct Entry: Sendable, Hashable {
        public let file: String
        public let bytes: Int
        public let finding: Finding
    }

    public let entries: [Entry]

    public var isFaulty: Bool { entries.contains { $0.finding.isFault } }

    /// Reads every byte.
    /// - Parameter report: told the file and how many of its bytes are read.
    public init(
        _ snapshot: CachedSnapshot, report: (CachedFile, _ bytes: Int) -> Void = { _, _ in }
    ) throws(HubError) {
        var entries: [Entry] = []
        for file in snapshot.files {
            let finding = try Self.finding(file) { report(file, $0) }
            entries.append(Entry(file: file.name, bytes: file.size ?? 0, finding: finding))
        }
        let missing = snapshot.missing.filter { name in !entries.contains { $0.file == name } }
        self.entries = entries + missing.map { Entry(file: $0, bytes: 0, finding: .missing) }
    }

    private static func finding(_ file: CachedFile, _ report: (Int) -> Void) throws(HubError) -> Finding {
        guard file.size != nil else { return .missing }
        if let digest = file.digest {
            let actual = try digest.actual(ofFile: file.path) { bytes in
                report(bytes)
                return true
            }
            guard let actual, actual == digest else {
                return .damaged("should be \(digest), is \(actual?.text ?? "unreadable")")
            }
        }
        if FileChoice.isWeights(file.name) {
            do {
                _ = try SafetensorsFile(path: file.path)
            } catch {
                return .damaged(error.message)
            }
        }
        return file.digest == nil ? .unnamed : .whole
    }
}
