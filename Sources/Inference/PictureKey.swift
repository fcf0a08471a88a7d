// SPDX-License-Identifier: MIT

import Crypto
package import Grounding

/// What a picture's vectors and prefix depend on: the bytes of the file, how they become pixels, and the model.
package struct PictureKey: Hashable, Sendable {
    /// The SHA-256 of all of it, each part behind its length, so that no two different sets of parts are one text.
    private let digest: [UInt8]

    /// How bytes become the model's pixels; another text wherever that gives other pixels.
    package static func preprocessing(side: Int) -> String { "oriented, squashed to \(side)" }

    package init(_ picture: [UInt8], preprocessing: String, model: ModelIdentity) {
        var hash = SHA256()
        for part in [picture] + [preprocessing, model.revision, model.precision].map({ Array($0.utf8) }) {
            withUnsafeBytes(of: UInt64(part.count).littleEndian) { hash.update(bufferPointer: $0) }
            hash.update(data: part)
        }
        digest = Array(hash.finalize())
    }
}

/// The digest that a result names its picture by.
enum PictureDigest {
    /// The lower-case hexadecimal SHA-256 of encoded bytes.
    static func text(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
