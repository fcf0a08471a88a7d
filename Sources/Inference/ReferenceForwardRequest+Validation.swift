// SPDX-License-Identifier: MIT

import Grounding

extension ReferenceForwardRequest {
    /// - Throws: `invalidArgument` with every field at fault.
    func validate() throws(TaskError) {
        var violations: [FieldViolation] = []
        func require(_ holds: Bool, _ field: String, _ description: @autoclosure () -> String) {
            if !holds { violations.append(FieldViolation(field, description())) }
        }
        func require(_ value: Int, in range: ClosedRange<Int>, _ field: String) {
            require(range.contains(value), field, "is \(value); \(range.lowerBound) to \(range.upperBound) is taken")
        }
        require(!texts.isEmpty, "text", "is missing")
        require(images.count == texts.count, "image", "is given \(images.count) times for \(texts.count) texts")
        require(
            boxes.isEmpty || boxes.count == texts.count, "bboxes",
            "is given \(boxes.count) times for \(texts.count) texts")
        require(maxNewTokens, in: TaskLimits.maxNewTokens, "max_new_tokens")
        require(noRepeatNgram, in: TaskLimits.noRepeatNgram, "no_repeat_ngram")
        require(beams, in: 0...TaskLimits.beamWidth.upperBound, "beams")
        require(threads >= 1, "threads", "is \(threads); at least 1 is taken")
        guard violations.isEmpty else { throw TaskError(violations: violations) }
    }
}
