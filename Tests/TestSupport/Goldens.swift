// SPDX-License-Identifier: MIT

public import Foundation

/// Where the recorded answers of the reference implementation are, if they are on this machine.
///
/// They are several megabytes and live beside the repository, not in it: tests that need them are skipped by
/// name when they are absent.
public enum Goldens {
    /// The folder, or `nil` when this machine has none.
    public static let folder: String? = {
        let candidates = [
            ProcessInfo.processInfo.environment["BOXWOOD_GOLDENS"],
            packageRoot + "/../shared/oracle/goldens",
        ]
        return candidates.compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0 + "/runs/index.json") }
    }()

    public static var available: Bool { folder != nil }

    /// The path of one recorded file.
    public static func path(_ relative: String) -> String {
        (folder ?? "") + "/" + relative
    }

    public static func data(_ relative: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path(relative)))
    }

    /// The root of this package, found from where this file was compiled.
    public static let packageRoot: String = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.path
    }()
}
