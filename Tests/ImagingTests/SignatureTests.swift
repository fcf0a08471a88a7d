// SPDX-License-Identifier: MIT

import Imaging
import Testing

@Suite struct SignatureTests {
    @Test(arguments: [
        ("GIF89a....", "GIF"), ("BM........", "BMP"), ("II*\0......", "TIFF"), ("MM\0*......", "TIFF"),
        ("RIFF....WEBPVP8 ", "WebP"), ("\0\0\0\u{18}ftypheic....", "HEIC"), ("\0\0\0\u{18}ftypmif1....", "HEIC"),
        ("\0\0\0\u{1C}ftypavif....", "AVIF"), ("%PDF-1.7", "PDF"),
        ("<?xml version=\"1.0\"?><svg xmlns=\"x\"/>", "SVG"), ("\n <svg>", "SVG"),
    ])
    func otherFormatsAreNamed(_ text: String, _ name: String) {
        let expected = ImageError(
            code: .unsupported, message: "unsupported picture format: \(name); send JPEG or PNG")
        #expect(throws: expected) { try ImageDecoder.header(of: Array(text.utf8)) }
    }

    @Test(arguments: ["hello", "<html><body>", "x", "\0\0\0\0\0\0\0\0"])
    func anythingElseIsNoPicture(_ text: String) {
        #expect(refusal(Array(text.utf8)) == .unsupported)
    }

    @Test func junkBeforeAPictureIsRefused() throws {
        let file = try JPEGEncoder.encode(TestPictures.gradient(width: 8, height: 8))
        #expect(refusal([0x00] + file) == .unsupported)
        #expect(refusal(file + [1, 2, 3]) == nil)
    }

    @Test(arguments: [UInt8(0xC3), 0xC5, 0xCB, 0xF7])
    func otherKindsOfJPEGAreUnsupported(_ frameMarker: UInt8) throws {
        var file = try JPEGEncoder.encode(TestPictures.gradient(width: 8, height: 8))
        let size = try #require(TestPictures.frameSizeOffset(in: file))
        file[size - 4] = frameMarker
        #expect(refusal(file) == .unsupported)
    }

    @Test func twelveBitAndTwoComponentJPEGAreUnsupported() throws {
        let file = try JPEGEncoder.encode(TestPictures.gradient(width: 8, height: 8))
        let size = try #require(TestPictures.frameSizeOffset(in: file))
        var deep = file
        deep[size - 1] = 12
        #expect(refusal(deep) == .unsupported)
        var two = file
        two[size + 4] = 2
        #expect(refusal(two) == .unsupported)
    }
}
