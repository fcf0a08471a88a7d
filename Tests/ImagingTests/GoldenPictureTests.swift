// SPDX-License-Identifier: MIT

import Foundation
import Imaging
import TestSupport
import Testing

/// One case of the recorded image preprocessing.
struct PreprocessCase: Decodable, Sendable, CustomTestStringConvertible {
    struct PixelValues: Decodable, Sendable {
        /// `[3][5][5]`, sampled at the file's `points`.
        let points: [[[Double]]]
    }

    let image: String
    let format: String
    let size: [Int]
    let exifOrientation: Int?
    let rgbMean: [Double]
    let pixelValues: PixelValues

    var testDescription: String { image }
    var isSupported: Bool { format == "PNG" || format == "JPEG" }
    /// The resized bytes, recorded as a picture.
    var resizedPath: String {
        "preprocess_u8/" + image.replacingOccurrences(of: ".", with: "_") + ".png"
    }

    static func all() -> [PreprocessCase] {
        struct File: Decodable { let cases: [PreprocessCase] }
        guard Goldens.available, let data = try? Goldens.data("preprocess_cases.json") else { return [] }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return (try? decoder.decode(File.self, from: data).cases) ?? []
    }
}

/// The sampled rows and columns of the recorded pixel values.
private let samplePoints = [0, 1, 111, 112, 223]
private let side = 224

private func golden(_ path: String) throws -> [UInt8] { [UInt8](try Goldens.data(path)) }

@Suite(.enabled(if: Goldens.available, "the recorded answers are not on this machine"))
struct GoldenPictureTests {
    @Test func everyCaseIsHere() {
        #expect(PreprocessCase.all().count == 41)
    }

    @Test(arguments: PreprocessCase.all().filter(\.isSupported))
    func decodesAndSquashesAsTheReference(_ golden: PreprocessCase) throws {
        let file = try ImagingTests.golden("images/" + golden.image)
        let header = try ImageDecoder.header(of: file)
        #expect([header.width, header.height] == golden.size)
        #expect(header.orientation == golden.exifOrientation ?? 1)

        let picture = try ImageDecoder.decode(file, mode: .reference)
        #expect([picture.width, picture.height] == golden.size)
        #expect(mean(of: picture) == golden.rgbMean)

        let squashed = Preprocessor.squash(picture, side: side)
        let recorded = try ImageDecoder.decode(ImagingTests.golden(golden.resizedPath), mode: .reference)
        #expect(squashed == recorded.pixels)

        let values = Preprocessor.normalize(squashed, side: side)
        let sampled = (0..<3).flatMap { channel in
            samplePoints.flatMap { y in samplePoints.map { x in values[(channel * side + y) * side + x] } }
        }
        #expect(sampled == golden.pixelValues.points.flatMap { $0 }.flatMap { $0 }.map(Float.init))
    }

    @Test(arguments: PreprocessCase.all().filter { !$0.isSupported })
    func refusesOtherFormatsByName(_ golden: PreprocessCase) throws {
        let name = golden.format == "WEBP" ? "WebP" : golden.format
        let file = try ImagingTests.golden("images/" + golden.image)
        let expected = ImageError(
            code: .unsupported, message: "unsupported picture format: \(name); send JPEG or PNG")
        #expect(throws: expected) { try ImageDecoder.decode(file) }
        #expect(throws: expected) { try ImageDecoder.header(of: file) }
    }

    @Test(arguments: ["corgi", "two_dogs"])
    func jpegIsWithinOneLevelOfItsRecordedPixels(_ name: String) throws {
        let jpeg = try ImageDecoder.decode(golden("images/\(name).jpg"))
        let recorded = try ImageDecoder.decode(golden("images/\(name)_decoded.png"))
        #expect(largestDifference(jpeg.pixels, recorded.pixels) <= 1)
    }

    @Test(arguments: [
        ("exif_3.jpg", 120, 80), ("exif_6.jpg", 80, 120), ("exif_8.jpg", 80, 120), ("exif_6.png", 40, 60),
    ])
    func boxwoodTurnsWhatTheReferenceLeaves(_ name: String, _ width: Int, _ height: Int) throws {
        let turned = try ImageDecoder.decode(golden("images/" + name), mode: .boxwood)
        #expect(turned.width == width && turned.height == height)
    }

    @Test func boxwoodShowsSixteenBitGray() throws {
        let seen = try ImageDecoder.decode(golden("images/gray16.png"), mode: .boxwood)
        #expect(abs(mean(of: seen)[0] - 119.28) < 0.6)
        let clipped = try ImageDecoder.decode(golden("images/gray16.png"), mode: .reference)
        #expect(clipped.pixels.allSatisfy { $0 == 255 })
    }

    /// Each channel's mean, rounded to the four digits that are recorded.
    private func mean(of image: RGBImage) -> [Double] {
        (0..<3).map { channel in
            let sum = stride(from: channel, to: image.pixels.count, by: 3).reduce(0) { $0 + Int(image.pixels[$1]) }
            let mean = Double(sum) / Double(image.width * image.height)
            return (mean * 10_000).rounded(.toNearestOrEven) / 10_000
        }
    }
}
