// SPDX-License-Identifier: MIT

import Foundation

/// The files of quantised weights that a folder keeps, found by the revision of the checkpoint that they were made from.
public enum QuantizedFiles {
    /// One that is there.
    public struct File: Sendable, Hashable {
        public let path: String
        public let precision: Precision
        public let bytes: Int
    }

    /// - Parameter revision: of the checkpoint, as it says itself.
    static func path(_ revision: String, _ precision: Precision, layout: Int, in folder: String) -> String {
        "\(folder)/\(start(revision, precision))\(layout).safetensors"
    }

    /// Those of that revision, in the order of their names; those that an earlier version of the program left too.
    public static func files(of revision: String, in folder: String) -> [File] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        return names.compactMap { name in
            guard name.hasSuffix(".safetensors"),
                let precision = Precision.allCases.first(where: { name.hasPrefix(start(revision, $0)) })
            else { return nil }
            let path = "\(folder)/\(name)"
            let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
            return File(path: path, precision: precision, bytes: size ?? 0)
        }
    }

    /// The one that this version reads; `nil` where it is yet to be made.
    public static func file(of revision: String, _ precision: Precision, in folder: String) -> File? {
        let path = path(revision, precision, layout: QuantizedWeights.layoutVersion, in: folder)
        return files(of: revision, in: folder).first { $0.path == path }
    }

    private static func start(_ revision: String, _ precision: Precision) -> String {
        "\(revision)-\(precision.rawValue)-"
    }
}
