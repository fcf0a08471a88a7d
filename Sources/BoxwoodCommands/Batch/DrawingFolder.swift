// SPDX-License-Identifier: MIT
import Foundation
import Grounding

/// A folder of annotated pictures, a PNG file for each, named for its key.
package enum DrawingFolder {
    /// The file of each picture.
    /// - Parameter inputs: what the pictures were looked for in.
    /// - Throws: `usage` where two pictures would have one file, and where the next run over the same folder would take the drawings for
    ///   pictures, or a drawing would replace one.
    package static func files(
        _ folder: String, _ plan: BatchPlan, inputs: [String]
    ) throws(CommandFailure) -> [String] {
        let target = resolved(folder)
        for input in inputs where isFolder(input) {
            guard target != resolved(input), !target.hasPrefix(resolved(input) + "/") else {
                throw CommandFailure(.usage, "--draw \(folder) lies in \(input), where pictures are looked for")
            }
        }
        let files = try OutputNames.names(plan.items.map(\.key), extension: "png").map { "\(target)/\($0)" }
        let taken = Set(files)
        for item in plan.items {
            guard case .file(let path) = item.source, taken.contains(resolved(path)) else { continue }
            throw CommandFailure(.usage, "--draw would replace the picture itself, \(path)")
        }
        return files
    }

    static func write(
        _ path: String, picture: String, _ result: GroundingResult, on bytes: [UInt8]
    ) throws(CommandFailure) {
        try OutputNames.makeFolder(of: path)
        try DrawingFile(path, picture: picture).write(result, on: bytes)
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    private static func resolved(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }
}

/// Names of files that are made of names of pictures.
package enum OutputNames {
    /// One for each picture, below a folder.
    /// - Throws: `usage` where two pictures would have one.
    package static func names(
        _ pictures: [String], extension suffix: String, reserved: Set<String> = []
    ) throws(CommandFailure) -> [String] {
        var owners: [String: String] = [:]
        var names: [String] = []
        for picture in pictures {
            let name = PictureName.inside(PictureName.stem(picture)) + "." + suffix
            if let other = owners.updateValue(picture, forKey: name) {
                throw CommandFailure(.usage, "\(other) and \(picture) would both be \(name); rename one of them")
            }
            guard !reserved.contains(name) else {
                throw CommandFailure(.usage, "\(picture) would be \(name), which has a meaning of its own")
            }
            names.append(name)
        }
        return names
    }

    static func makeFolder(of path: String) throws(CommandFailure) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure(.inputOutput, "the folder \(folder) cannot be made")
        }
    }
}
