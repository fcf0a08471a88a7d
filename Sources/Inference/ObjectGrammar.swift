// SPDX-License-Identifier: MIT

package import Tokenization

/// Which tokens may come next, so that boxes are always well formed.
///
/// Inside `<object>` stand pairs of location tokens, the second neither above nor left of the first, joined by the
/// delimiter and closed by `</object>`. A value without memory: the last two tokens tell the place.
package struct ObjectGrammar: Sendable {
    package enum Mode: Sendable, Hashable {
        /// Free text; only the inside of a box is bound.
        case text
        /// The prompt ends with `</phrase>`: boxes or, with any other token, none.
        case boxes
        /// The prompt ends with `</phrase>`: exactly one box.
        case oneBox
    }

    /// The next token: anything, or one of a list.
    package enum Allowed: Equatable {
        case any
        case only([Int])
    }

    /// `<object>`, two locations, `</object>`.
    package static let boxTokens = 4

    private let mode: Mode
    private let specials: SpecialTokens
    private static let side = 32

    package init(_ mode: Mode, specials: SpecialTokens) {
        self.mode = mode
        self.specials = specials
    }

    /// - Parameters:
    ///   - generated: the new tokens so far.
    ///   - remaining: how many more may follow.
    package func allowed(after generated: [Int], remaining: Int) -> Allowed {
        guard let last = generated.last else { return mode == .oneBox ? .only([specials.object]) : .any }
        if opensPair(last) { return .only(Array(specials.patchIndices)) }
        guard specials.patchIndices.contains(last), generated.count > 1 else { return .any }
        let previous = generated[generated.count - 2]
        if opensPair(previous) { return .only(lowerRights(of: last)) }
        guard specials.patchIndices.contains(previous) else { return .any }
        // Another box takes the delimiter, two locations and the closing tag.
        let mayGoOn = mode != .oneBox && remaining >= Self.boxTokens
        return .only(mayGoOn ? [specials.endObject, specials.delimiter] : [specials.endObject])
    }

    /// Whether the answer is complete without an end of text.
    package func isComplete(_ generated: [Int]) -> Bool {
        guard mode != .text, let first = generated.first else { return false }
        return first != specials.object || generated.last == specials.endObject
    }

    private func opensPair(_ token: Int) -> Bool {
        token == specials.object || token == specials.delimiter
    }

    private func lowerRights(of upperLeft: Int) -> [Int] {
        let index = upperLeft - specials.patchIndexBase
        let (row, column) = (index / Self.side, index % Self.side)
        return (row..<Self.side).flatMap { y in
            (column..<Self.side).map { specials.patchIndexBase + y * Self.side + $0 }
        }
    }
}
