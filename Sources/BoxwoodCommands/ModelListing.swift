// SPDX-License-Identifier: MIT
import Checkpoints
import Foundation
import Kosmos2
package import ModelHub

/// The models of a cache as a table and as JSON.
package enum ModelListing {
    package struct Row: Encodable, Sendable {
        package let name: String
        let revisions: [String]
        package let commit: String
        let folder: String
        let bytes: Int
        /// What the configuration calls it.
        let kind: String?
        /// Files that are not there.
        package let missing: [String]
        /// Precisions that are quantised already.
        let quantized: [String]
        /// Whether it is of the one kind that is run here, or not enough of it is there to tell.
        package let isOurs: Bool

        private enum CodingKeys: String, CodingKey {
            case name, revisions, commit, folder, bytes, kind, missing, quantized
        }

        /// - Parameter quantizedIn: where quantised weights are kept.
        package init(_ snapshot: CachedSnapshot, quantizedIn cache: String) {
            name = "\(snapshot.repository)"
            (revisions, commit) = (snapshot.revisions, snapshot.commit.text)
            (folder, bytes, missing) = (snapshot.folder, snapshot.bytes, snapshot.missing)
            let configuration = FileManager.default.contents(atPath: "\(snapshot.folder)/config.json")
            kind = configuration.flatMap { try? JSONDecoder().decode(Kind.self, from: $0) }?.modelType
            isOurs = kind.map { ["kosmos-2", "kosmos2"].contains($0) } ?? missing.contains("config.json")
            // A checkpoint of another kind may have a hundred files, and nothing is quantised of it.
            let revision = isOurs && missing.isEmpty ? try? Checkpoint(folder: snapshot.folder).revision : nil
            quantized =
                revision.map { revision in
                    Set(QuantizedFiles.files(of: revision, in: cache).map(\.precision.rawValue)).sorted()
                } ?? []
        }

        private struct Kind: Decodable {
            let modelType: String?

            private enum CodingKeys: String, CodingKey {
                case modelType = "model_type"
            }
        }

        var state: String {
            guard missing.isEmpty else { return "lacks \(missing.joined(separator: ", "))" }
            guard isOurs else { return "not run here: \(kind ?? "unknown kind")" }
            return (["ready"] + quantized).joined(separator: ", ")
        }
    }

    package static func lines(_ rows: [Row], width: Int?) -> [String] {
        guard !rows.isEmpty else { return [] }
        var table = TextTable([
            .init("NAME"), .init("REVISION"), .init("COMMIT"), .init("SIZE", .right), .init("STATE", isFlexible: true),
        ])
        for row in rows {
            table.append([
                row.name, row.revisions.isEmpty ? "-" : row.revisions.joined(separator: " "),
                String(row.commit.prefix(12)), ByteText.text(row.bytes), row.state,
            ])
        }
        return table.lines(width: width)
    }
}
