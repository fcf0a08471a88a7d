// SPDX-License-Identifier: MIT

internal import CSentencePiece
import Foundation

/// The pieces, scores and character map of a SentencePiece model file.
///
/// The library loads and checks the file; encoding is `Unigram`'s, because the reference's differs from the library's
/// in two ways that show: it normalises grapheme by grapheme, and adds scores up in double precision.
struct SentencePiece {
    struct Piece {
        var text: [UInt8]
        var score: Double
        /// Whether encoding may produce it.
        var isText: Bool
    }

    let pieces: [Piece]
    let characterMap: CharacterMap

    static let fileName = "sentencepiece.bpe.model"
    /// The largest model file that is read.
    static let fileBytes = 64 << 20

    init(path: String) throws(TokenizerError) {
        var message = [CChar](repeating: 0, count: 512)
        guard let handle = bw_sentencepiece_load(path, &message, message.count) else {
            throw TokenizerError(
                "\(Self.fileName) cannot be loaded; is it missing, cut short or another kind of file?")
        }
        defer { bw_sentencepiece_free(handle) }
        pieces = (0..<bw_sentencepiece_size(handle)).map { id in
            var length = 0
            let start = bw_sentencepiece_piece(handle, id, &length)
            return Piece(
                text: Array(UnsafeRawBufferPointer(start: start, count: length)),
                score: Double(bw_sentencepiece_score(handle, id)), isText: bw_sentencepiece_is_text(handle, id) != 0)
        }
        guard let file = try? Data(contentsOf: URL(fileURLWithPath: path)), file.count <= Self.fileBytes else {
            throw TokenizerError("\(Self.fileName) cannot be read, or is larger than \(Self.fileBytes) bytes")
        }
        guard let map = CharacterMap(modelFile: [UInt8](file)) else {
            throw TokenizerError("\(Self.fileName) holds a damaged character map")
        }
        characterMap = map
    }
}
