// SPDX-License-Identifier: MIT

import Imaging
import Testing

@Suite struct CanvasTests {
    private func drawn(_ boxes: [DrawnBox], width: Int = 200, height: Int = 150) throws -> RGBImage {
        var canvas = Canvas(
            RGBImage(width: width, height: height, pixels: [UInt8](repeating: 90, count: width * height * 3)))
        try canvas.draw(boxes: boxes)
        return canvas.image
    }

    private func pixel(_ image: RGBImage, _ x: Int, _ y: Int) -> [UInt8] {
        Array(image.pixels[((y * image.width + x) * 3)..<((y * image.width + x) * 3 + 3)])
    }

    @Test func nothingToDrawChangesNothing() throws {
        #expect(try drawn([]).pixels.allSatisfy { $0 == 90 })
    }

    @Test func aBoxIsDrawnOnItsEdgesAndNotInside() throws {
        let image = try drawn([DrawnBox(xmin: 50, ymin: 40, xmax: 150, ymax: 110, colorIndex: 4)])
        for (x, y) in [(100, 40), (100, 110), (50, 75), (150, 75)] {
            let color = pixel(image, x, y)
            #expect(color[2] > color[0], "the blue stroke at \(x), \(y): \(color)")
        }
        #expect(pixel(image, 100, 75) == [90, 90, 90])
        #expect(pixel(image, 20, 75) == [90, 90, 90])
    }

    /// The tag's colour, somewhere along the picture's top rows.
    @Test func tagsStayInsideThePicture() throws {
        let image = try drawn([
            DrawnBox(xmin: 150, ymin: 0, xmax: 200, ymax: 60, label: "a rather long label", colorIndex: 3)
        ])
        let bare = try drawn([DrawnBox(xmin: 150, ymin: 0, xmax: 200, ymax: 60, colorIndex: 3)])
        let changed = zip(image.pixels, bare.pixels).enumerated().filter { $0.element.0 != $0.element.1 }
        #expect(changed.count > 300)
        // Left of the box, because the label is wider than the box and may not leave on the right.
        #expect(changed.contains { ($0.offset / 3) % 200 < 140 })
    }

    @Test(arguments: [
        "", "\0", "\n\n\n", "e\u{301}", "日本語", "שלום", "👩‍👩‍👧", "\u{202E}abc", "\u{FFFF}", "\u{10FFFD}",
        "<b>&amp;", "%s%n",
        String(repeating: "w", count: 5000), String(repeating: "\u{301}", count: 500),
    ])
    func anyLabelIsDrawable(_ label: String) throws {
        for (width, height) in [(1, 1), (3, 200), (200, 150)] {
            let image = try drawn(
                [DrawnBox(xmin: 10, ymin: 10, xmax: 80, ymax: 80, label: label, number: 7)], width: width,
                height: height)
            #expect(image.pixels.count == width * height * 3)
        }
    }

    @Test func boxesNowhereAreLeftOut() throws {
        let nan = DrawnBox(xmin: .nan, ymin: 0, xmax: 10, ymax: 10, label: "x")
        let infinite = DrawnBox(xmin: 0, ymin: 0, xmax: .infinity, ymax: 10, label: "x")
        #expect(try drawn([nan, infinite]).pixels.allSatisfy { $0 == 90 })
    }

    @Test(arguments: [Int.min, -1, 7, Int.max])
    func anyColorIndexIsAColor(_ index: Int) throws {
        let box = DrawnBox(xmin: -1e300, ymin: -5, xmax: 1e300, ymax: 1e9, label: "x", colorIndex: index)
        #expect(try drawn([box]).pixels.contains { $0 != 90 })
    }

    @Test func overlongPicturesAreRefused() throws {
        let longest = try drawn([], width: Canvas.maximumSide, height: 1)
        #expect(longest.width == Canvas.maximumSide)
        #expect(throws: ImageError.self) { try drawn([], width: Canvas.maximumSide + 1, height: 1) }
    }
}
