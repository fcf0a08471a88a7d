// SPDX-License-Identifier: MIT

/// The marks that KOSMOS-2's text is built with; each is one token.
public enum Tag: String, Sendable, Hashable, CaseIterable {
    case image = "<image>"
    case endImage = "</image>"
    case grounding = "<grounding>"
    case phrase = "<phrase>"
    case endPhrase = "</phrase>"
    case object = "<object>"
    case endObject = "</object>"
    case delimiter = "</delimiter_of_multi_objects/>"

    /// The spelling of a location token, filled up to four characters with zeros. A negative index, which is none, keeps
    /// its sign in front, as the reference spells it.
    public static func patchIndex(_ index: Int) -> String {
        let digits = String(index.magnitude)
        let sign = index < 0 ? "-" : ""
        let zeros = String(repeating: "0", count: max(0, 4 - sign.count - digits.count))
        return "<patch_index_" + sign + zeros + digits + ">"
    }
}
