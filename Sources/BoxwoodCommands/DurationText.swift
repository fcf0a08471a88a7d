// SPDX-License-Identifier: MIT

/// A length of time as people type it: `500ms`, `30s`, `2m`, or `30` for seconds.
package enum DurationText {
    /// - Returns: `nil` for anything else, and for a time that is not above zero or longer than a day.
    package static func parse(_ text: String) -> Duration? {
        for (unit, seconds) in [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("", 1.0)] where text.hasSuffix(unit) {
            guard let number = Double(text.dropLast(unit.count)), number.isFinite else { return nil }
            let total = number * seconds
            return total > 0 && total <= 86_400 ? .seconds(total) : nil
        }
        return nil
    }
}
