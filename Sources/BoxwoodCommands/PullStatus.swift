// SPDX-License-Identifier: MIT
package import ModelHub

/// Where a pull is, as one line says it. A pure value: events and the time are told to it.
package struct PullStatus: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// What the file at hand is going through.
    private enum Stage: Sendable {
        case asking
        case receiving, shared
        case checking(Int)
        case paused(HubError, until: Instant)
    }

    /// The rate is that of so much time.
    private static let window = Duration.seconds(5)

    private let name: String
    private var stage = Stage.asking
    private var total = 0
    /// Bytes of each file that are there, by name.
    private var there: [String: Int] = [:]
    private var file: PlannedFile?
    /// How many bytes came until when, for the rate.
    private var samples: [(time: Instant, bytes: Int)] = []
    /// Bytes that came over the network.
    private var came = 0

    package init(_ name: String) { self.name = name }

    package mutating func note(_ event: PullEvent, at now: Instant) {
        switch event {
        case .planned(let plan):
            total = plan.bytes
            for step in plan.steps { there[step.file.name] = step.file.size - step.missingBytes }
        case .received(let file, let bytes): receive(file, bytes, at: now)
        case .shared(let file, let bytes):
            (self.file, stage, there[file.name]) = (file, .shared, bytes)
        case .checking(let file, let bytes):
            (self.file, stage) = (file, .checking(bytes))
        case .paused(let file, let error, let time):
            (self.file, stage) = (file ?? self.file, .paused(error, until: now + time))
        case .finished(let file):
            there[file.name] = file.size
        }
    }

    private mutating func receive(_ file: PlannedFile, _ bytes: Int, at now: Instant) {
        // The first word on a file says what was there already.
        if case .receiving = stage, self.file == file { came += max(0, bytes - (there[file.name] ?? 0)) }
        (self.file, stage, there[file.name]) = (file, .receiving, bytes)
        samples.append((now, came))
        let old = samples.prefix { now - $0.time > Self.window }.count
        samples.removeFirst(max(0, min(old, samples.count - 2)))
    }

    private var bytes: Int { there.values.reduce(0, +) }

    /// Bytes a second; `nil` as long as nobody can tell.
    private var rate: Double? {
        guard let first = samples.first, let last = samples.last, last.bytes > first.bytes else { return nil }
        let seconds = (last.time - first.time) / .seconds(1)
        return seconds > 0.2 ? Double(last.bytes - first.bytes) / seconds : nil
    }

    package func line(at now: Instant) -> String {
        guard let file, total > 0 || !isAsking else {
            if case .paused(let error, let until) = stage { return pauseText(error, until, now) }
            return "\(name): asking the hub"
        }
        switch stage {
        case .asking: return "\(name): asking the hub"
        case .receiving: return "\(file.name)  \(amount)\(speed)"
        case .shared: return "\(file.name)  \(amount)  another process fetches it"
        case .checking(let bytes):
            return "\(file.name)  checking its hash, \(file.size == 0 ? 100 : bytes * 100 / file.size) %"
        case .paused(let error, let until): return pauseText(error, until, now)
        }
    }

    private var isAsking: Bool {
        if case .asking = stage { true } else { false }
    }

    private var amount: String { "\(ByteText.text(bytes)) of \(ByteText.text(total))" }

    private var speed: String {
        guard let rate else { return "" }
        let left = Int((Double(max(0, total - bytes)) / rate).rounded(.up))
        return "  \(ByteText.text(Int(rate)))/s  \(Self.time(left)) left"
    }

    private func pauseText(_ error: HubError, _ until: Instant, _ now: Instant) -> String {
        let left = max(0, Int(((until - now) / .seconds(1)).rounded(.up)))
        return "\(error.message); again in \(Self.time(left))"
    }

    static func time(_ seconds: Int) -> String {
        if seconds < 60 { return "\(seconds) s" }
        return seconds < 3_600
            ? "\(seconds / 60) min \(seconds % 60) s" : "\(seconds / 3_600) h \(seconds / 60 % 60) min"
    }
}
