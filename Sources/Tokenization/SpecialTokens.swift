// SPDX-License-Identifier: MIT

/// The ids that mean something other than text.
///
/// The published model's ids are 0...3 and 64001...65036; a smaller vocabulary has the same layout further down.
public struct SpecialTokens: Sendable, Hashable {
    /// `<s>`, `<pad>`, `</s>`, `<unk>`: fairseq's fixed four.
    public let bos = 0
    public let pad = 1
    public let eos = 2
    public let unknown = 3
    public let mask: Int
    public let image: Int
    public let endImage: Int
    public let phrase: Int
    public let endPhrase: Int
    public let object: Int
    public let endObject: Int
    public let delimiter: Int
    public let grounding: Int
    /// The id of `<patch_index_0000>`; the other 1,023 follow.
    public let patchIndexBase: Int

    /// How many location tokens there are: 32 rows of 32.
    public static let patchIndexCount = 1024

    /// The ids of all location tokens.
    public var patchIndices: Range<Int> { patchIndexBase..<patchIndexBase + Self.patchIndexCount }

    /// The tags in the order of their ids, right after `<mask>`.
    static let tags = [
        "</doc>", "<image>", "</image>", "</chunk>", "</line>", "<phrase>", "</phrase>", "<object>", "</object>",
        "</delimiter_of_multi_objects/>", "<grounding>",
    ]

    /// The spelling of a location token.
    static func patchIndex(_ index: Int) -> String {
        let digits = String(index)
        return "<patch_index_" + String(repeating: "0", count: 4 - digits.count) + digits + ">"
    }

    /// - Parameter mask: the id of `<mask>`, after which the tags follow in their fixed order.
    init(mask: Int) {
        self.mask = mask
        image = mask + 2
        endImage = mask + 3
        phrase = mask + 6
        endPhrase = mask + 7
        object = mask + 8
        endObject = mask + 9
        delimiter = mask + 10
        grounding = mask + 11
        patchIndexBase = mask + 12
    }
}
