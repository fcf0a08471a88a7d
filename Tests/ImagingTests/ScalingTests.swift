// SPDX-License-Identifier: MIT

import Imaging
import Testing

@Suite struct ScalingTests {
    @Test func aSquareOfTheRightSizeIsLeftAlone() {
        let picture = TestPictures.gradient(width: 32, height: 32)
        #expect(Preprocessor.squash(picture, side: 32) == picture.pixels)
    }

    @Test(arguments: [(1, 1), (20, 1), (1, 20), (400, 20), (20, 400), (3, 1000)])
    func oneColorStaysOneColor(_ width: Int, _ height: Int) {
        let pixels = TestPictures.repeated([0, 255, 77], width * height)
        let squashed = Preprocessor.squash(RGBImage(width: width, height: height, pixels: pixels), side: 24)
        #expect(squashed == TestPictures.repeated([0, 255, 77], 24 * 24))
    }

    /// Recorded from Pillow 13: `Image.resize((3, 3), BICUBIC)`, down first for the tall picture.
    @Test func smallPicturesEqualPillow() {
        let wide = RGBImage(
            width: 5, height: 2,
            pixels: [
                56, 207, 217, 156, 28, 8, 54, 64, 168, 150, 21, 249, 158, 102, 94,
                242, 114, 192, 125, 16, 252, 76, 119, 48, 147, 130, 17, 51, 184, 10,
            ])
        #expect(
            wide.resized(toWidth: 3, height: 3).pixels == [
                92, 137, 116, 99, 34, 153, 158, 62, 177, 146, 102, 174, 100, 66, 118,
                123, 117, 86, 199, 66, 231, 100, 98, 83, 88, 171, 0,
            ])
        let tall = RGBImage(
            width: 2, height: 7,
            pixels: [
                192, 68, 248, 148, 93, 87, 146, 89, 112, 103, 147, 123, 74, 192, 4,
                59, 155, 15, 152, 243, 10, 85, 162, 171, 113, 23, 2, 170, 166, 215,
                117, 29, 16, 159, 235, 40, 247, 135, 116, 229, 72, 26,
            ])
        #expect(
            tall.resized(toWidth: 3, height: 3).pixels == [
                152, 104, 149, 129, 116, 114, 105, 128, 79, 115, 159, 0, 107, 165, 70,
                98, 170, 148, 165, 57, 50, 180, 112, 62, 194, 167, 74,
            ])
    }

    @Test func blocksKeepEveryPixel() {
        let two = RGBImage(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6])
        let row: [UInt8] = [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]
        let enlarged = two.scaled(by: 2, .nearest)
        #expect(enlarged.width == 4 && enlarged.height == 2)
        #expect(enlarged.pixels == row + row)
        #expect(two.scaled(by: 3, .bicubic).width == 6)
    }

    @Test func aPartHasThePixelsOfItsPlace() {
        let picture = TestPictures.gradient(width: 9, height: 7)
        let part = picture.cropped(x: 2..<5, y: 4..<7)
        #expect(part.width == 3 && part.height == 3)
        for (index, value) in part.pixels.enumerated() {
            let (row, column) = (4 + index / 9, 2 + index / 3 % 3)
            #expect(value == picture.pixels[(row * 9 + column) * 3 + index % 3])
        }
        #expect(picture.cropped(x: 0..<9, y: 0..<7).pixels == picture.pixels)
    }

    @Test func normalisedPlanesAreInChannelOrder() {
        let values = Preprocessor.normalize([0, 0, 0, 255, 255, 255, 0, 0, 0, 255, 255, 255], side: 2)
        let black: [Float] = [-1.7922626, -1.7520971, -1.4802198]
        let white: [Float] = [1.9303361, 2.0748837, 2.145897]
        for channel in 0..<3 {
            #expect(values[channel * 4] == black[channel] && values[channel * 4 + 2] == black[channel])
            #expect(values[channel * 4 + 1] == white[channel] && values[channel * 4 + 3] == white[channel])
        }
    }
}
