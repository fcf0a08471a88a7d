// SPDX-License-Identifier: MIT
import Grounding

extension FuzzTarget {
    /// Generated text: spans lie in the caption, boxes in the picture, and what is dropped is said.
    static let groundedText = FuzzTarget(
        "grounded-text", longest: 2048, runs: 8000, words: GroundedTextTarget.words, seeds: GroundedTextTarget.seeds,
        check: GroundedTextTarget.check)
}

private enum GroundedTextTarget {
    static let words =
        Tag.allCases.map(\.rawValue) + [
            "<patch_index_0000>", "<patch_index_0044>", "<patch_index_0863>", "<patch_index_1023>",
            "<patch_index_1024>",
            "<patch_index_", "<patch_index_\u{664}\u{668}>", "<patch_index_99999999999999999999>", "</s>", "\r\n",
            "\u{A0}", "\u{1C}", "\u{2028}", "e\u{301}",
            "<phrase> a dog</phrase><object><patch_index_0044><patch_index_0863></object>",
        ]

    static func seeds() throws -> [(name: String, bytes: [UInt8])] {
        let box = "<object><patch_index_0044><patch_index_0863></object>"
        let two =
            "<object><patch_index_0044><patch_index_0863></delimiter_of_multi_objects/><patch_index_0001><patch_index_1023></object>"
        let texts = [
            "", "An image of a snowman.", "<grounding>An image of<phrase> a snowman</phrase>\(box) warming himself.",
            "<phrase> two dogs </phrase>\(two)", "\(box) alone", "</image> \(box)<phrase>x</phrase></image>\(box)",
            "<phrase>x</phrase><object><patch_index_1024><patch_index_1025></object>",
            "<phrase>x</phrase><object><patch_index_0863><patch_index_0044></object>",
            "a<object> <patch_index_0001> <patch_index_0002> </object>", "<patch_index_0001><patch_index_0002>",
            "<object><object></object><phrase><", "<phrase>e\u{301}\u{A0}</phrase>\(box)\n<a\n>",
        ]
        return texts.enumerated().map { ("text-\($0)", Array($1.utf8)) }
    }

    static func check(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let text = String(decoding: input, as: UTF8.self)
        let strict = GroundedTextParser(.strict).parse(text)
        let reference = GroundedTextParser(.reference).parse(text)
        try promise(reference.warnings.isEmpty, "the reference warns of nothing")
        try promise(strict.caption == reference.caption, "both modes have one caption")
        let boxes = strict.entities.flatMap(\.boxes)
        let dropped = strict.warnings.count { $0.hasSuffix("was dropped") }
        try promise(
            boxes.count + dropped == reference.entities.reduce(0) { $0 + $1.boxes.count }, "what is dropped is said")
        if strict.warnings.isEmpty {
            let (ours, theirs) = (strict.entities.map(\.boxes), reference.entities.map(\.boxes))
            try promise(ours == theirs, "without a warning nothing is left out")
        }
        try checkCaption(strict)
        for box in boxes { try check(box) }
        return !strict.entities.isEmpty
    }

    private static func checkCaption(_ text: GroundedText) throws(BrokenPromise) {
        let scalars = Array(text.caption.unicodeScalars)
        for entity in text.entities {
            try promise(entity.span.upperBound <= scalars.count, "a span lies in the caption", "\(entity.span)")
            try promise(!entity.boxes.isEmpty, "what has no box is no entity")
        }
        var isOpen = false
        for scalar in scalars {
            try promise(!(isOpen && scalar == ">"), "no tag is left in a caption", text.caption)
            isOpen = scalar == "<" || isOpen && scalar != "\n"
        }
    }

    private static func check(_ box: GroundedText.Box) throws(BrokenPromise) {
        let edges = box.normalized
        try promise(LocationGrid.isValid(box.patches), "a box is on the grid", "\(box.patches)")
        try promise(
            edges.array.allSatisfy { (0...1).contains($0) } && edges.xmin < edges.xmax && edges.ymin < edges.ymax,
            "a box lies in the picture and has an area", "\(edges)")
        let (width, height) = (1000, 3)
        let pixels = edges.pixels(width: width, height: height)
        try promise(pixels.xmax <= Double(width) && pixels.ymax <= Double(height), "also in pixels", "\(pixels)")
    }
}
