// SPDX-License-Identifier: MIT

/// What names of files say of pictures.
package enum PictureName {
    /// What is looked for in folders and archives: what is taken, and what people take for a picture as well, so that each of these
    /// has an error of its own instead of being left out silently.
    package static let extensions: Set<String> = [
        "jpg", "jpeg", "jpe", "jfif", "png", "gif", "webp", "bmp", "tif", "tiff", "heic", "heif", "avif", "jxl",
    ]

    /// In small letters; empty without one.
    package static func fileExtension(_ name: some StringProtocol) -> String {
        let last = name.split(separator: "/").last ?? ""
        guard let dot = last.lastIndex(of: "."), dot != last.startIndex else { return "" }
        return last[last.index(after: dot)...].lowercased()
    }

    package static func isPicture(_ name: some StringProtocol) -> Bool { extensions.contains(fileExtension(name)) }

    /// Without the extension of a picture.
    package static func stem(_ name: String) -> String {
        isPicture(name) ? String(name[..<name.lastIndex(of: ".")!]) : name
    }

    /// Below a folder, whatever the name: no step leads out of it.
    package static func inside(_ name: String) -> String {
        let steps = name.split(separator: "/").filter { $0 != "." }.map { $0 == ".." ? "_" : String($0) }
        return steps.isEmpty ? "_" : steps.joined(separator: "/")
    }

    package static func isHidden(_ name: String) -> Bool {
        name.split(separator: "/").contains { $0.hasPrefix(".") && $0 != "." && $0 != ".." }
    }
}
