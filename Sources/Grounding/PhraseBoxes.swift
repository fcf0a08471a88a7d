// SPDX-License-Identifier: MIT

/// The boxes that a caller puts behind the phrases of a raw prompt.
///
/// The input of the reference's processor (`Kosmos2Processor` of transformers 5.23), with a JSON array of numbers
/// where that takes a tuple: one element for each phrase, which is `null`, one box, or a list of boxes.
public struct PhraseBoxes: Sendable, Hashable {
    /// One box: two location indices, or four fractions of the picture.
    public enum Box: Sendable, Hashable {
        /// Taken as they are, even off the grid or the wrong way round.
        case patches(upperLeft: Int, lowerRight: Int)
        /// The lower right corner lies below and to the right of the upper left one; 0...1 is not required.
        case corners(NormalizedBox)
    }

    /// For each phrase its boxes, in order. No phrase at all means that the prompt is taken as it is.
    public let phrases: [[Box]]

    /// The largest distance of a coordinate from 0 that is taken.
    public static let largestCoordinate = 1e6

    public init(_ phrases: [[Box]]) {
        self.phrases = phrases
    }

    /// Reads JSON such as `[[44, 863], null, [[0.1, 0.1, 0.2, 0.2], [7, 99]]]`.
    ///
    /// Indices are written without a decimal point and coordinates with one, as the reference tells them apart by type.
    /// - Throws: `PhraseBoxError` when it is not JSON of that shape.
    public init(json: String) throws(PhraseBoxError) {
        switch try NumberLists(json).value {
        case .null: phrases = []
        case .list(let items) where items.isEmpty || !items.allSatisfy(\.isNumber):
            var phrases: [[Box]] = []
            for item in items { phrases.append(try Self.boxes(item)) }
            self.phrases = phrases
        default: throw PhraseBoxError(.notABox)
        }
    }

    private static func boxes(_ value: NumberLists.Value) throws(PhraseBoxError) -> [Box] {
        switch value {
        case .null: return []
        case .list(let items) where items.isEmpty || !items.allSatisfy(\.isNumber):
            var boxes: [Box] = []
            for item in items { boxes.append(try box(item)) }
            return boxes
        default: return [try box(value)]
        }
    }

    private static func box(_ value: NumberLists.Value) throws(PhraseBoxError) -> Box {
        guard case .list(let numbers) = value else { throw PhraseBoxError(.notABox) }
        let integers = numbers.compactMap(\.integer)
        if numbers.count == 2, integers.count == 2 {
            return .patches(upperLeft: integers[0], lowerRight: integers[1])
        }
        let edges = numbers.compactMap(\.decimal)
        guard numbers.count == 4, edges.count == 4 else { throw PhraseBoxError(.notABox) }
        guard edges.allSatisfy({ abs($0) <= largestCoordinate }) else { throw PhraseBoxError(.tooLarge) }
        return .corners(NormalizedBox(xmin: edges[0], ymin: edges[1], xmax: edges[2], ymax: edges[3]))
    }
}

/// Boxes that do not fit their prompt, or are none.
public struct PhraseBoxError: Error, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// The text is not JSON made of lists, numbers and `null`.
        case notJSON(byte: Int)
        /// An element is neither `null`, nor a box, nor a list of boxes.
        case notABox
        /// A coordinate is beyond `PhraseBoxes.largestCoordinate`.
        case tooLarge
        /// The lower right corner is not below and to the right of the upper left one.
        case corners
        /// There are not as many elements as phrases.
        case count(phrases: Int, boxes: Int)
    }

    public let code: Code

    public init(_ code: Code) {
        self.code = code
    }

    public var description: String {
        switch code {
        case .notJSON(let byte):
            "the boxes are not JSON of lists, numbers and null; reading stopped at byte \(byte)"
        case .notABox:
            "each phrase takes null, a box, or a list of boxes; a box is two whole numbers or four decimal ones, "
                + "written as in [44, 863] or [0.25, 0.0, 1.0, 0.5]"
        case .tooLarge: "a coordinate lies more than \(PhraseBoxes.largestCoordinate) from 0"
        case .corners: "a box is [x1, y1, x2, y2] with x1 below x2 and y1 below y2"
        case .count(let phrases, let boxes):
            "the text holds \(phrases) <phrase>...</phrase>, and boxes are given for \(boxes)"
        }
    }
}
