// SPDX-License-Identifier: MIT

/// Finds the orientation in an EXIF block (a TIFF header and its first directory).
///
/// Only the first directory is read, so no chain of directories can loop. Anything senseless is no orientation:
/// a damaged note about a picture is no reason to refuse the picture.
/// Source: Exif 2.32, section 4.6.2 (byte order, directory layout) and 4.6.4 (Orientation, tag 0x0112).
enum ExifOrientation {
    private static let tag = 0x0112
    private static let short = 3
    private static let entryLength = 12

    /// The orientation, 1...8, or `nil`.
    static func find(in exif: ArraySlice<UInt8>) -> Int? {
        var reader = ByteReader(bytes: exif)
        if reader.starts(with: "II*\0") {
            reader.bigEndian = false
        } else if !reader.starts(with: "MM\0*") {
            return nil
        }
        guard let directory = reader.uint32(at: 4), let entries = reader.uint16(at: directory) else { return nil }
        for index in 0..<entries {
            let entry = directory + 2 + index * entryLength
            guard let found = reader.uint16(at: entry) else { return nil }
            if found == tag { return value(of: entry, reader) }
        }
        return nil
    }

    private static func value(of entry: Int, _ reader: ByteReader) -> Int? {
        guard reader.uint16(at: entry + 2) == short, reader.uint32(at: entry + 4) == 1,
            let value = reader.uint16(at: entry + 8), (1...8).contains(value)
        else { return nil }
        return value
    }
}
