// SPDX-License-Identifier: MIT

/// Whether a task and its options can be asked of any model at all.
public enum TaskValidation {
    /// Everything that is wrong, in the order of the fields; empty when nothing is.
    public static func violations(_ task: GroundingTask, _ options: GenerationOptions) -> [FieldViolation] {
        violations(task) + violations(options) + thresholdViolations(task, options) + tileViolations(task, options)
    }

    static func violations(_ task: GroundingTask) -> [FieldViolation] {
        switch task {
        case .caption: []
        case .detect(let labels): labelViolations(labels)
        case .ground(let sentence, let phrases): groundViolations(sentence, phrases)
        case .align(let caption): text(caption, "caption")
        case .refer(let expression): text(expression, "expression")
        case .describe(let box): boxViolations(box)
        case .ask(let question, _): text(question, "question")
        case .generate(let prompt): text(prompt, "prompt")
        }
    }

    static func violations(_ options: GenerationOptions) -> [FieldViolation] {
        var result: [FieldViolation] = []
        func require<T>(_ value: T, in range: ClosedRange<T>, _ field: String) {
            if !range.contains(value) {
                result.append(
                    .init(field, "is \(written(value)); allowed is \(range.lowerBound) to \(range.upperBound)"))
            }
        }
        if let count = options.maxNewTokens { require(count, in: TaskLimits.maxNewTokens, "max_new_tokens") }
        if let size = options.noRepeatNgram { require(size, in: TaskLimits.noRepeatNgram, "no_repeat_ngram") }
        switch options.decoding {
        case .greedy: break
        case .beam(let width): require(width, in: TaskLimits.beamWidth, "beams")
        case .sample(let temperature, let topP, _):
            require(temperature, in: TaskLimits.temperature, "temperature")
            if !(topP > 0 && topP <= TaskLimits.topP) {
                result.append(.init("top_p", "is \(written(topP)); allowed is above 0, at most \(TaskLimits.topP)"))
            }
        }
        return result
    }

    private static func thresholdViolations(_ task: GroundingTask, _ options: GenerationOptions) -> [FieldViolation] {
        guard let threshold = options.threshold else { return [] }
        switch task {
        case .detect, .ground, .align: break
        case .caption, .refer, .describe, .ask, .generate:
            return [.init("threshold", "is for detect, ground and align; \(task.name.rawValue) gives every box")]
        }
        guard !TaskLimits.threshold.contains(threshold) else { return [] }
        let (least, most) = (TaskLimits.threshold.lowerBound, TaskLimits.threshold.upperBound)
        return [.init("threshold", "is \(written(threshold)); allowed is \(least) to \(most)")]
    }

    private static func tileViolations(_ task: GroundingTask, _ options: GenerationOptions) -> [FieldViolation] {
        guard let tiles = options.tiles else { return [] }
        guard case .detect = task else {
            let name = task.name.rawValue
            return [.init("tiles", "is for detect; what \(name) asks for has its place in the whole picture")]
        }
        guard case .grids(let grids) = tiles else { return [] }
        let sides = grids.flatMap { [$0.columns, $0.rows] }
        guard sides.allSatisfy(TaskLimits.tilesPerSide.contains), grids.reduce(0, { $0 + $1.count }) <= TaskLimits.tiles
        else {
            let most = TaskLimits.tilesPerSide.upperBound
            return [
                .init("tiles", "is \(tiles.text); allowed is 1 to \(most) a side, and \(TaskLimits.tiles) tiles in all")
            ]
        }
        return []
    }

    private static func labelViolations(_ labels: [String]) -> [FieldViolation] {
        guard !labels.isEmpty else { return [.init("labels", "is empty; name at least one label")] }
        guard labels.count <= TaskLimits.labels else {
            return [.init("labels", "has \(labels.count) labels; the limit is \(TaskLimits.labels)")]
        }
        return labels.enumerated().flatMap { text($1, "labels[\($0)]", limit: TaskLimits.labelScalars) }
    }

    private static func groundViolations(_ sentence: String, _ phrases: [Range<Int>]) -> [FieldViolation] {
        var result = text(sentence, "sentence")
        if phrases.isEmpty { result.append(.init("phrases", "is empty; mark at least one phrase")) }
        if phrases.count > TaskLimits.phrases {
            result.append(.init("phrases", "has \(phrases.count) phrases; the limit is \(TaskLimits.phrases)"))
        }
        guard result.isEmpty else { return result }
        let scalars = Array(sentence.unicodeScalars)
        var end = 0
        for (index, phrase) in phrases.enumerated() {
            guard phrase.lowerBound >= end, !phrase.isEmpty, phrase.upperBound <= scalars.count else {
                return [
                    .init(
                        "phrases[\(index)]",
                        "is [\(phrase.lowerBound), \(phrase.upperBound)); phrases are in order, not empty, apart, "
                            + "and inside the sentence of \(scalars.count) characters")
                ]
            }
            guard !PythonBlank.strip(scalars[phrase]).isEmpty else {
                return [.init("phrases[\(index)]", "is blank")]
            }
            end = phrase.upperBound
        }
        return []
    }

    /// What is no number has bits of its own, which the standard library would print: they are nobody's business.
    private static func written<T>(_ value: T) -> String {
        if let number = value as? Double, number.isNaN { "no number" } else { "\(value)" }
    }

    private static func written(_ box: NormalizedBox) -> String {
        "[" + box.array.map(written).joined(separator: ", ") + "]"
    }

    private static func boxViolations(_ box: NormalizedBox) -> [FieldViolation] {
        guard box.array.allSatisfy({ $0.isFinite && (0...1).contains($0) }) else {
            return [.init("box", "is \(written(box)); every coordinate lies in 0...1")]
        }
        guard box.xmin < box.xmax, box.ymin < box.ymax else {
            return [.init("box", "is \(written(box)); xmin lies below xmax, ymin below ymax")]
        }
        return []
    }

    private static func text(_ text: String, _ field: String, limit: Int = TaskLimits.textScalars) -> [FieldViolation] {
        // The byte count is known at once; scalars are counted only for texts that could pass.
        guard text.utf8.count <= limit * TaskLimits.bytesPerScalar, text.unicodeScalars.count <= limit else {
            return [.init(field, "is longer than \(limit) characters")]
        }
        guard !PythonBlank.strip(text.unicodeScalars).isEmpty else { return [.init(field, "is empty")] }
        if let control = text.unicodeScalars.first(where: isForbidden) {
            let code = String(control.value, radix: 16, uppercase: true)
            return [
                .init(
                    field,
                    "holds the control character U+\(String(repeating: "0", count: max(0, 4 - code.count)) + code)")
            ]
        }
        return []
    }

    /// Control characters other than tab and line ends: never typed on purpose, and a NUL ends a C string early.
    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control && !["\t", "\n", "\r"].contains(scalar)
    }
}
