// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Foundation
import Imaging
import Testing

@Suite("Reading the picture")
struct PictureFileTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "boxwood-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func file(_ bytes: [UInt8]) throws -> String {
        let path = folder.appending(path: "file").path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    private static let png = try! PNGEncoder.encode(RGBImage(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6]))

    @Test("A good file")
    func good() throws {
        let picture = try PictureFile.load(try file(Self.png))
        #expect(picture.bytes == Self.png)
        #expect(picture.header.width == 2 && picture.header.height == 1)
    }

    @Test(
        "Bad contents are bad input, and the message names the file",
        arguments: [[], Array("GIF89a".utf8), Array("hello".utf8), Array(png.prefix(20))])
    func bad(_ bytes: [UInt8]) throws {
        let path = try file(bytes)
        let failure = failure { try PictureFile.load(path) }
        #expect(failure?.status == .badInput)
        #expect(failure?.message.hasPrefix(path) == true)
    }

    @Test("A file at the limit is taken, one byte more is not")
    func limit() throws {
        let path = try file(Self.png)
        #expect(try PictureFile.load(path, limits: ImageLimits(maxBytes: Self.png.count)).bytes == Self.png)
        let failure = failure {
            try PictureFile.load(path, limits: ImageLimits(maxBytes: Self.png.count - 1))
        }
        #expect(failure?.status == .badInput)
    }

    @Test("What cannot be opened is no input", arguments: ["", "/nothing/here.jpg", "/", "a\0b"])
    func missing(_ path: String) {
        #expect(failure { try PictureFile.load(path) }?.status == .noInput)
    }
}
