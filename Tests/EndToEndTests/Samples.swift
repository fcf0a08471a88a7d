// SPDX-License-Identifier: MIT
import Foundation
import Imaging

/// Files for the tests, in a folder that lives as long as this value.
final class Samples {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "boxwood-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let file = folder.appending(path: name)
        try Data(Array(bytes)).write(to: file)
        return file.path
    }

    /// A red disc on a blue ramp: some shape for a model to talk about.
    static let image: RGBImage = {
        let (width, height) = (120, 80)
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                let isDisc = (x - 40) * (x - 40) + (y - 40) * (y - 40) < 700
                pixels += isDisc ? [220, 30, 40] : [20, UInt8(x), UInt8(120 + y)]
            }
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }()

    static func png() throws -> [UInt8] { try PNGEncoder.encode(image) }
    static func jpeg() throws -> [UInt8] { try JPEGEncoder.encode(image) }

    func picture() throws -> String { try write("picture.png", Self.png()) }

    /// So many labels that finding them takes a worker a while, whatever the model; with a threshold of 0 a while longer.
    static let manyLabels = (0..<1000).map { "thing number \($0)" }
}
