// SPDX-License-Identifier: MIT
import Foundation
package import Grounding
import Imaging

/// The file that the boxes are drawn into.
package struct DrawingFile {
    private let path: String
    private let picture: String

    /// - Parameters:
    ///   - path: ends with `.png`, whatever its case; another file of that name is replaced.
    ///   - picture: the file that the boxes are drawn on.
    /// - Throws: `usage` for a name that is none, or that of the picture itself.
    package init(_ path: String, picture: String) throws(CommandFailure) {
        guard path.lowercased().hasSuffix(".png") else {
            throw CommandFailure(.usage, "--draw writes a PNG file; \"\(path)\" does not end with .png")
        }
        guard Self.resolved(path) != Self.resolved(picture) else {
            throw CommandFailure(.usage, "--draw would replace the picture itself, \(picture)")
        }
        self.path = path
        self.picture = picture
    }

    /// - Parameter bytes: of the picture.
    /// - Throws: `badInput` where the picture cannot be decoded, `inputOutput` where the file cannot be written.
    package func write(_ result: GroundingResult, on bytes: [UInt8]) throws(CommandFailure) {
        let png: [UInt8]
        do {
            png = try ResultDrawing.png(of: bytes, result)
        } catch {
            throw CommandFailure(.badInput, "\(picture): \(error.message)")
        }
        guard let file = fopen(path, "wb") else { throw failure }
        let written = fwrite(png, 1, png.count, file)
        guard fclose(file) == 0, written == png.count else { throw failure }
    }

    private var failure: CommandFailure {
        CommandFailure(.inputOutput, "cannot write \(path): \(String(cString: strerror(errno)))")
    }

    private static func resolved(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }
}
