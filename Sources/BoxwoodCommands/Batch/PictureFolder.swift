// SPDX-License-Identifier: MIT
import Glibc

/// The pictures in a folder and in those below it.
package enum PictureFolder {
    /// Paths from the folder, in the order of their bytes, folder by folder. What begins with a dot is left out; a link to a file
    /// counts as one, a link to a folder is not followed.
    /// - Throws: `noInput` for a folder that cannot be opened, `badInput` for a name that is not UTF-8.
    package static func pictures(_ root: String) throws(CommandFailure) -> [String] {
        var found: [String] = []
        try walk(root, below: "", depth: 0, &found)
        return found
    }

    private static func walk(
        _ root: String, below folder: String, depth: Int, _ found: inout [String]
    ) throws(CommandFailure) {
        let path = folder.isEmpty ? root : "\(root)/\(folder)"
        guard depth <= BatchLimits.folderDepth else {
            throw CommandFailure(.badInput, "\(path) is more than \(BatchLimits.folderDepth) folders deep")
        }
        for entry in try entries(path) {
            let name = folder.isEmpty ? entry.name : "\(folder)/\(entry.name)"
            if entry.isFolder {
                try walk(root, below: name, depth: depth + 1, &found)
            } else if PictureName.isPicture(entry.name) {
                found.append(name)
            }
        }
    }

    private struct Entry {
        let name: String
        let isFolder: Bool
    }

    private static func entries(_ path: String) throws(CommandFailure) -> [Entry] {
        guard let folder = opendir(path) else {
            throw CommandFailure(.noInput, "\(path): \(String(cString: strerror(errno)))")
        }
        defer { closedir(folder) }
        var entries: [Entry] = []
        errno = 0
        while let next = readdir(folder) {
            guard let name = name(of: next) else {
                throw CommandFailure(.badInput, "\(path) holds a name that is not UTF-8 text")
            }
            if !name.hasPrefix("."), let isFolder = isFolder("\(path)/\(name)") {
                entries.append(Entry(name: name, isFolder: isFolder))
            }
            errno = 0
        }
        guard errno == 0 else { throw CommandFailure(.inputOutput, "\(path): \(String(cString: strerror(errno)))") }
        return entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> String? {
        withUnsafePointer(to: &entry.pointee.d_name) { field in
            field.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: field.pointee)) {
                String(validatingCString: $0)
            }
        }
    }

    /// `nil` for what is neither a file nor a folder, and for a link to a folder.
    private static func isFolder(_ path: String) -> Bool? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return true
        case S_IFREG: return false
        case S_IFLNK:
            // A link that leads nowhere is a picture that is missing.
            guard stat(path, &status) == 0 else { return false }
            return status.st_mode & S_IFMT == S_IFREG ? false : nil
        default: return nil
        }
    }
}
