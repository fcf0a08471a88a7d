// SPDX-License-Identifier: MIT
package import Grounding

/// What the command line says of a task, made into the values of `Grounding`.
package enum TaskChoices {
    /// The labels of a file: one a line, blank lines and lines that begin with "#" left out.
    package static func labels(inFile text: String) -> [String] {
        text.drop { $0 == "\u{FEFF}" }.split(whereSeparator: \.isNewline)
            .map { String($0.trimmed) }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
    }

    /// `x1,y1,x2,y2` as a box in fractions of the picture.
    /// - Parameter pixels: the size of the oriented picture, when the numbers count its pixels.
    /// - Throws: `usage` for anything but four numbers; where they lie is for the validation of the task.
    package static func box(
        _ text: String, pixels: (width: Int, height: Int)? = nil
    ) throws(CommandFailure) -> NormalizedBox {
        let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0.trimmed) }
        guard numbers.count == 4, numbers.allSatisfy({ $0?.isFinite == true }) else {
            throw CommandFailure(.usage, "--box is \"\(text)\"; it takes four numbers, x1,y1,x2,y2")
        }
        let width = pixels.map { Double($0.width) } ?? 1
        let height = pixels.map { Double($0.height) } ?? 1
        return NormalizedBox(
            xmin: numbers[0]! / width, ymin: numbers[1]! / height, xmax: numbers[2]! / width,
            ymax: numbers[3]! / height)
    }

    /// A sentence with `<phrase>` marks, or a plain one with its phrases named beside it.
    package static func ground(_ sentence: String, phrases: [String]) throws(CommandFailure) -> GroundingTask {
        guard phrases.isEmpty || !sentence.contains(Tag.phrase.rawValue) else {
            throw CommandFailure(.usage, "phrases are either marked in the sentence or named with --phrase, not both")
        }
        if !phrases.isEmpty { return .ground(sentence: sentence, phrases: try find(phrases, in: sentence)) }
        do {
            let marked = try MarkedSentence(sentence)
            return .ground(sentence: marked.sentence, phrases: marked.phrases)
        } catch {
            throw CommandFailure(
                .usage, "the sentence cannot be taken apart: \(error.description)",
                hint: "Mark what to find, \"a man and <phrase>his dog</phrase>\", or name it with --phrase.")
        }
    }

    /// Where each phrase stands, in Unicode scalars: its first place that no earlier named phrase has taken.
    private static func find(_ phrases: [String], in sentence: String) throws(CommandFailure) -> [Range<Int>] {
        let scalars = Array(sentence.unicodeScalars)
        var taken: [Range<Int>] = []
        for phrase in phrases {
            let wanted = Array(phrase.unicodeScalars)
            let starts = 0..<max(0, scalars.count - wanted.count + 1)
            let places = starts.lazy.map { $0..<$0 + wanted.count }
            let place =
                wanted.isEmpty
                ? nil
                : places.first { place in
                    scalars[place].elementsEqual(wanted) && !taken.contains { $0.overlaps(place) }
                }
            guard let place else {
                throw CommandFailure(.usage, "the phrase \"\(phrase)\" is not in the sentence \"\(sentence)\"")
            }
            taken.append(place)
        }
        return taken.sorted { $0.lowerBound < $1.lowerBound }
    }

    /// How the next token is chosen; options that contradict each other are refused.
    package static func decoding(
        beams: Int?, temperature: Double?, topP: Double?, seed: UInt64?
    ) throws(CommandFailure) -> Decoding {
        if let temperature {
            guard beams == nil else {
                throw CommandFailure(.usage, "--beams and --temperature exclude each other")
            }
            return .sample(temperature: temperature, topP: topP ?? 1, seed: seed ?? 0)
        }
        guard topP == nil, seed == nil else {
            throw CommandFailure(.usage, "--top-p and --seed need --temperature; without it nothing is left to chance")
        }
        guard let beams, beams != 1 else { return .greedy }
        return .beam(width: beams)
    }
}

extension Substring {
    /// Without blanks at its ends.
    var trimmed: Substring {
        var rest = drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}
