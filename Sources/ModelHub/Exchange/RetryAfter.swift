// SPDX-License-Identifier: MIT

/// How long a server asks to be left alone: `Retry-After` (RFC 9110, section 10.2.3), else what the hub's `RateLimit` field
/// says of its window.
package enum RetryAfter {
    /// - Parameter seconds: since 1970.
    package static func read(_ headers: HubHeaders, now seconds: Int) -> Duration? {
        if let text = headers["Retry-After"] {
            if let count = number(text[...]) { return .seconds(count) }
            if let date = date(text) { return .seconds(max(0, date - seconds)) }
        }
        // As in `"api";r=0;t=55`: nothing left, more in 55 seconds.
        guard let parts = headers["RateLimit"]?.split(separator: ";"), parts.contains("r=0"),
            let window = parts.first(where: { $0.hasPrefix("t=") })
        else { return nil }
        return number(window.dropFirst(2)).map { .seconds($0) }
    }

    private static func number(_ text: Substring) -> Int? {
        !text.isEmpty && text.utf8.count <= 9 && text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) ? Int(text) : nil
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// The one form of a date that is still written, `Sun, 06 Nov 1994 08:49:37 GMT`, in seconds since 1970.
    private static func date(_ text: String) -> Int? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = number(words[1]), let year = number(words[3]),
            let month = months.firstIndex(of: String(words[2])), (1...31).contains(day), (1970...9999).contains(year)
        else { return nil }
        let clock = words[4].split(separator: ":").map { number($0) }
        guard clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2] else { return nil }
        return days(year, month + 1, day) * 86_400 + hour * 3_600 + minute * 60 + second
    }

    /// Days since 1970 of a date of the Gregorian calendar, its years counted from March so that the leap day is the last.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }
}
