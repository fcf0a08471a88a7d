// SPDX-License-Identifier: MIT

/// The unigram language model: of all ways to cut a word into pieces, the likeliest.
///
/// Source: Kudo 2018, "Subword Regularization"; the single best path, as the reference computes it: scores added in
/// double precision, a later way must be strictly better, an unknown character costs ten more than the worst piece.
struct Unigram: Sendable {
    /// A piece's index in the model file, or `nil` for a run of unknown characters.
    typealias PieceID = Int?

    private static let unknownPenalty = 10.0

    /// A byte trie: (node << 8 | byte) -> node; node 0 is the root.
    private var edges: [UInt64: UInt32] = [:]
    /// The piece that ends at a node, or -1.
    private var pieceAt: [Int32] = [-1]
    private let scores: [Double]
    private let unknownScore: Double

    init(_ pieces: [SentencePiece.Piece]) {
        scores = pieces.map(\.score)
        unknownScore = (pieces.lazy.filter(\.isText).map(\.score).min() ?? 0) - Self.unknownPenalty
        edges.reserveCapacity(pieces.count * 6)
        for (id, piece) in pieces.enumerated() where piece.isText {
            var node: UInt32 = 0
            for byte in piece.text {
                let key = UInt64(node) << 8 | UInt64(byte)
                if let next = edges[key] {
                    node = next
                } else {
                    pieceAt.append(-1)
                    node = UInt32(pieceAt.count - 1)
                    edges[key] = node
                }
            }
            pieceAt[Int(node)] = Int32(id)
        }
    }

    private struct Best {
        var score = 0.0
        var start = -1
        var piece: Int32 = -1
    }

    /// The pieces of a word of valid UTF-8, its "▁" included; neighbouring unknown characters count as one.
    func encode(_ word: [UInt8]) -> [PieceID] {
        var best = [Best](repeating: Best(), count: word.count + 1)
        var start = 0
        while start < word.count {
            let length = Self.scalarLength(word[start])
            let here = best[start].score
            var coversScalar = false
            var node: UInt32 = 0
            var end = start
            while end < word.count, let next = edges[UInt64(node) << 8 | UInt64(word[end])] {
                node = next
                end += 1
                let piece = pieceAt[Int(node)]
                guard piece >= 0 else { continue }
                Self.improve(&best[end], Best(score: here + scores[Int(piece)], start: start, piece: piece))
                coversScalar = coversScalar || end - start == length
            }
            if !coversScalar {
                let end = min(start + length, word.count)
                Self.improve(&best[end], Best(score: here + unknownScore, start: start, piece: -1))
            }
            start += length
        }
        return Self.trace(best)
    }

    private static func improve(_ current: inout Best, _ candidate: Best) {
        if current.start < 0 || candidate.score > current.score { current = candidate }
    }

    private static func trace(_ best: [Best]) -> [PieceID] {
        var path: [PieceID] = []
        var end = best.count - 1
        while end > 0 {
            let piece: PieceID = best[end].piece < 0 ? nil : Int(best[end].piece)
            let repeatsUnknown = piece == nil && path.last == .some(nil)
            if !repeatsUnknown { path.append(piece) }
            end = best[end].start
        }
        return path.reversed()
    }

    private static func scalarLength(_ lead: UInt8) -> Int {
        lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    }
}
