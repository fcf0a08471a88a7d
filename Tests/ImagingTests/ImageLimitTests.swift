// SPDX-License-Identifier: MIT

import Imaging
import Testing

/// Each limit's largest value passes and the next is refused, by the header and by the decoder.
@Suite struct ImageLimitTests {
    private static let picture = TestPictures.gradient(width: 30, height: 20)

    private func codes(_ file: [UInt8], _ limits: ImageLimits) -> [ImageError.Code?] {
        let header: ImageError.Code?
        do throws(ImageError) {
            _ = try ImageDecoder.header(of: file, limits: limits)
            header = nil
        } catch { header = error.code }
        return [header, refusal(file, limits: limits)]
    }

    @Test(arguments: [true, false])
    func limitsHoldOnBothSides(_ asPNG: Bool) throws {
        let file = asPNG ? try PNGEncoder.encode(Self.picture) : try JPEGEncoder.encode(Self.picture)
        #expect(codes(file, ImageLimits(maxBytes: file.count)) == [nil, nil])
        #expect(codes(file, ImageLimits(maxBytes: file.count - 1)) == [.tooManyBytes, .tooManyBytes])
        #expect(codes(file, ImageLimits(maxPixels: 600)) == [nil, nil])
        #expect(codes(file, ImageLimits(maxPixels: 599)) == [.tooManyPixels, .tooManyPixels])
        #expect(codes(file, ImageLimits(maxSide: 30)) == [nil, nil])
        #expect(codes(file, ImageLimits(maxSide: 29)) == [.sideTooLong, .sideTooLong])
    }

    @Test func messagesNameBothNumbers() throws {
        let file = try PNGEncoder.encode(Self.picture)
        let expected = ImageError(
            code: .tooManyPixels, message: "the picture is 30x20 pixels; at most 599 in all are accepted")
        #expect(throws: expected) { try ImageDecoder.decode(file, limits: ImageLimits(maxPixels: 599)) }
    }

    /// A progressive JPEG whose last scan is repeated until it has `scans` in all.
    private func progressive(scans: Int) throws -> [UInt8] {
        let file = try JPEGEncoder.encode(
            TestPictures.gradient(width: 8, height: 8), .init(quality: 90, halvesColor: false, isProgressive: true))
        let starts = file.indices.dropLast().filter { file[$0] == 0xFF && file[$0 + 1] == 0xDA }
        // The first scan alone begins a fresh picture of coefficients, and may be sent again and again.
        let first = try #require(starts.first)
        let end = try #require(
            file[(first + 2)...].indices.dropLast().first { file[$0] == 0xFF && file[$0 + 1] != 0 })
        let scan = file[first..<end]
        return Array(file[..<end]) + (1..<scans).flatMap { _ in scan } + [0xFF, 0xD9]
    }

    @Test func scansAreCounted() throws {
        #expect(refusal(try progressive(scans: 100)) == nil)
        #expect(refusal(try progressive(scans: 101)) == .tooComplex)
        #expect(refusal(try progressive(scans: 3000)) == .tooComplex)
    }
}
