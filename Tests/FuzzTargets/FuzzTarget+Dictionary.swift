// SPDX-License-Identifier: MIT

extension FuzzTarget {
    /// The words in libFuzzer's form: one on a line, in quotes, odd bytes as `\xHH`.
    public var dictionary: String {
        words.map { "\"" + $0.map(Self.spelled).joined() + "\"\n" }.joined()
    }

    private static func spelled(_ byte: UInt8) -> String {
        let isPlain = (0x20...0x7E).contains(byte) && byte != 0x22 && byte != 0x5C
        let digits = String(byte, radix: 16, uppercase: true)
        return isPlain ? String(UnicodeScalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + digits
    }
}
