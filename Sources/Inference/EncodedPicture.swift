// SPDX-License-Identifier: MIT

import Crypto
import Grounding
import Imaging
import Tensors

/// A picture as the decoder reads it, and what the result says of it.
struct EncodedPicture {
    var description: ImageDescription
    /// `[64, D]`.
    var embeddings: Tensor
}

extension EncodedPicture {
    /// The lower-case hexadecimal SHA-256 of encoded bytes.
    static func digest(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}

extension TaskError {
    /// A picture that cannot be decoded is the caller's fault, except where memory ran out.
    init(_ error: ImageError) {
        guard error.code != .outOfMemory else {
            self.init(.resourceExhausted, error.message)
            return
        }
        self.init(violations: [FieldViolation("image", error.message)])
    }
}
