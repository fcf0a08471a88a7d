// SPDX-License-Identifier: MIT

extension RGBImage {
    /// The picture turned and mirrored as its EXIF orientation says, to be seen upright.
    ///
    /// `orientation` still tells what the file said. Source: Exif 2.32, section 4.6.4, Orientation: where the stored
    /// row 0 and column 0 belong.
    func upright() -> RGBImage {
        guard (2...8).contains(orientation) else { return self }
        let (outWidth, outHeight) = orientation >= 5 ? (height, width) : (width, height)
        let walk = storedWalk
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { out, count in
            pixels.withUnsafeBufferPointer { stored in
                var target = 0
                for y in 0..<outHeight {
                    var source = (walk.start + y * walk.perRow) * 3
                    for _ in 0..<outWidth {
                        for channel in 0..<3 { out[target + channel] = stored[source + channel] }
                        target += 3
                        source += walk.perColumn * 3
                    }
                }
            }
            count = pixels.count
        }
        return RGBImage(width: outWidth, height: outHeight, pixels: turned, orientation: orientation)
    }

    /// In stored pixels: where the upright picture's top left lies, and the way one column or row of it goes.
    private var storedWalk: (start: Int, perColumn: Int, perRow: Int) {
        let lastColumn = width - 1
        let lastRow = (height - 1) * width
        return switch orientation {
        case 2: (lastColumn, -1, width)
        case 3: (lastRow + lastColumn, -1, -width)
        case 4: (lastRow, 1, -width)
        case 5: (0, width, 1)
        case 6: (lastRow, -width, 1)
        case 7: (lastRow + lastColumn, -width, -1)
        case 8: (lastColumn, width, -1)
        default: (0, 1, width)
        }
    }
}
