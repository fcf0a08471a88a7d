// SPDX-License-Identifier: MIT

/// How long work was measured to take, by kind.
///
/// Moving averages of the time and of how far single times are from it, as TCP keeps them of round trips (RFC 6298).
struct ServiceTimes: Sendable {
    private struct Average: Sendable {
        var mean: Double
        var deviation: Double
        var count = 1

        mutating func add(_ seconds: Double) {
            count += 1
            // The first ones count equally: one slow start is soon forgotten.
            let start = 1 / Double(count)
            deviation += (abs(seconds - mean) - deviation) * max(start, ServiceTimes.deviationWeight)
            mean += (seconds - mean) * max(start, ServiceTimes.meanWeight)
        }
    }

    private var kinds: [Int: Average] = [:]
    /// Of everything, in seconds; a second before anything was measured.
    private(set) var overall = 1.0

    private static let meanWeight = 0.1
    private static let deviationWeight = 0.25
    /// Fewer measurements say nothing.
    static let leastCount = 3
    /// A single time beyond this says nothing about the next.
    private static let longest = 60.0
    private static let shortest = 0.001

    /// Work of that kind took so long.
    mutating func measured(_ time: Duration, kind: Int) {
        add(min(max(time.inSeconds, Self.shortest), Self.longest), kind)
    }

    /// Work of that kind was stopped after so long: it would have taken longer.
    mutating func measured(atLeast time: Duration, kind: Int) {
        if let average = kinds[kind], time.inSeconds <= average.mean {
            kinds[kind]!.count += 1
        } else {
            add(min(max(time.inSeconds, Self.shortest), Self.longest), kind)
        }
    }

    private mutating func add(_ seconds: Double, _ kind: Int) {
        overall += (seconds - overall) * Self.meanWeight
        if kinds[kind] == nil {
            kinds[kind] = Average(mean: seconds, deviation: seconds / 2)
        } else {
            kinds[kind]!.add(seconds)
        }
    }

    /// What one more is likely to take.
    func expected(kind: Int) -> Duration { .seconds(known(kind)?.mean ?? overall) }

    /// What hardly any takes more than, and at most twice the mean; `nil` while too little is known.
    func most(kind: Int) -> Duration? {
        known(kind).map { .seconds($0.mean + min($0.mean, 2 * $0.deviation)) }
    }

    /// What most take less than; `nil` while too little is known.
    func typical(kind: Int) -> Duration? { known(kind).map { .seconds($0.mean + min($0.mean, $0.deviation)) } }

    private func known(_ kind: Int) -> Average? {
        kinds[kind].flatMap { $0.count >= Self.leastCount ? $0 : nil }
    }
}
