// SPDX-License-Identifier: MIT
package import Kosmos2
package import ModelHub

/// What came of a pull.
package struct PulledReport: Encodable, Sendable {
    struct File: Encodable {
        let name: String
        let bytes: Int
        let hash: String
        let fetchedBytes: Int

        private enum CodingKeys: String, CodingKey {
            case name, bytes, hash
            case fetchedBytes = "fetched_bytes"
        }
    }

    let name: String
    let revision: String
    let commit: String
    let folder: String
    let bytes: Int
    let fetchedBytes: Int
    let files: [File]

    private enum CodingKeys: String, CodingKey {
        case name, revision, commit, folder, bytes, files
        case fetchedBytes = "fetched_bytes"
    }

    package init(_ pulled: ModelPull.Pulled) {
        let plan = pulled.plan
        name = "\(plan.reference.repository)"
        (revision, commit) = (plan.reference.revision.text, plan.commit.text)
        (folder, bytes, fetchedBytes) = (pulled.folder, plan.bytes, plan.missingBytes)
        files = plan.steps.map { step in
            File(
                name: step.file.name, bytes: step.file.size, hash: step.file.digest.text,
                fetchedBytes: step.missingBytes)
        }
    }

    /// For people.
    package var line: String {
        let what = fetchedBytes == 0 ? "all there already" : "\(ByteText.text(fetchedBytes)) fetched"
        return TerminalText.line(
            "\(name) at \(commit.prefix(12)): \(files.count) files, \(ByteText.text(bytes)), \(what)")
    }
}

/// A model with where it lies.
package struct ModelInspection: Encodable, Sendable {
    struct File: Encodable {
        let name: String
        let bytes: Int
        let hash: String?
    }

    struct Quantized: Encodable {
        let precision: String
        let path: String
        let bytes: Int
    }

    let model: ModelSummary
    let folder: String
    let commit: String?
    let revisions: [String]
    let files: [File]
    let quantized: [Quantized]

    package init(
        _ model: ModelSummary, folder: String, snapshot: CachedSnapshot?, quantized: [QuantizedFiles.File]
    ) {
        (self.model, self.folder) = (model, folder)
        (commit, revisions) = (snapshot?.commit.text, snapshot?.revisions ?? [])
        files = (snapshot?.files ?? []).map { File(name: $0.name, bytes: $0.size ?? 0, hash: $0.digest?.text) }
        self.quantized = quantized.map { Quantized(precision: $0.precision.rawValue, path: $0.path, bytes: $0.bytes) }
    }

    package var lines: [String] {
        var facts = [("folder", folder)]
        if let commit { facts.append(("commit", ([commit] + revisions).joined(separator: ", "))) }
        facts += quantized.map { ($0.precision, "\($0.path), \(ByteText.text($0.bytes))") }
        var table = TextTable([.init(""), .init("")])
        for (name, value) in facts { table.append([name, value]) }
        var lines = model.lines + table.lines(width: nil).dropFirst()
        guard !files.isEmpty else { return lines }
        var listing = TextTable([.init("FILE"), .init("SIZE", .right), .init("HASH")])
        for file in files { listing.append([file.name, ByteText.text(file.bytes), file.hash ?? "-"]) }
        lines += [""] + listing.lines(width: nil)
        return lines
    }
}

/// What verifying found.
package struct VerifyReport: Encodable, Sendable {
    struct Entry: Encodable {
        let name: String
        let bytes: Int
        let state: String
    }

    let files: [Entry]
    /// Of the weights as a model's; `nil` where the files themselves are at fault already.
    let tensors: String?
    package let isFaulty: Bool

    /// - Parameters:
    ///   - check: `nil` for a folder, whose files have no hashes to go by.
    package init(_ check: SnapshotCheck?, tensors: SnapshotCheck.Finding?) {
        files = (check?.entries ?? []).map { Entry(name: $0.file, bytes: $0.bytes, state: Self.text($0.finding)) }
        self.tensors = tensors.map(Self.text)
        isFaulty = check?.isFaulty == true || tensors?.isFault == true
    }

    private static func text(_ finding: SnapshotCheck.Finding) -> String {
        switch finding {
        case .whole: "whole"
        case .unnamed: "a copy, with no hash to go by"
        case .missing: "missing"
        case .damaged(let why): "damaged: \(why)"
        }
    }

    package var lines: [String] {
        var table = TextTable([.init("FILE"), .init("SIZE", .right), .init("STATE")])
        for file in files { table.append([file.name, ByteText.text(file.bytes), file.state]) }
        let listing = files.isEmpty ? ["a folder has no hashes to go by"] : table.lines(width: nil)
        return listing + (tensors.map { ["tensors: \(TerminalText.line($0))"] } ?? [])
    }
}
