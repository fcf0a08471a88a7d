// SPDX-License-Identifier: MIT

import CImageCodecs

/// Turns a C decoder's status and sentence into an ``ImageError``.
enum CodecStatus {
    /// Calls `body` with room for a message, and throws unless it returns `CIC_OK`.
    static func check(
        _ format: ImageFormat, _ body: (UnsafeMutablePointer<CChar>) -> cic_status
    ) throws(ImageError) {
        var message = [CChar](repeating: 0, count: Int(CIC_MESSAGE_LENGTH))
        let status = message.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
        guard status != CIC_OK else { return }
        let detail = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        throw ImageError(code: code(of: status), message: "bad \(format.rawValue): " + detail)
    }

    private static func code(of status: cic_status) -> ImageError.Code {
        switch status {
        case CIC_TRUNCATED: .truncated
        case CIC_UNSUPPORTED: .unsupported
        case CIC_TOO_COMPLEX: .tooComplex
        case CIC_NO_MEMORY: .outOfMemory
        default: .corrupt
        }
    }
}
