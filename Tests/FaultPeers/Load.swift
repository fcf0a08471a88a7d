// SPDX-License-Identifier: MIT
import Foundation
import Synchronization

/// Somebody who has numbered payloads done.
protocol Load: Sendable {
    /// Has one payload done, and writes down what became of it.
    func run(_ payload: Payload, isStopping: @Sendable () -> Bool) async
    func finish() async
}

/// Runs a load in lanes, each one payload after another, until the standard input ends. A line on it is a payload out of turn:
/// its kind.
final class LoadDriver: Sendable {
    private let options: Options
    private let next = Atomic<Int>(1)
    private let isOver = Atomic<Bool>(false)
    /// When even what is not done is left, so that a service that lost something does not hold the end up.
    private let patience = Mutex<ContinuousClock.Instant?>(nil)
    private let extras = Mutex<[Payload.Kind]>([])

    private static let lastWait: Duration = .seconds(60)
    /// How long a payload out of turn takes before it does its harm: its worker should have said that it began.
    private static let fuse = 40

    init(_ options: Options) { self.options = options }

    func run(_ load: some Load) async {
        Thread.detachNewThread { [self] in listen() }
        await withTaskGroup(of: Void.self) { group in
            for lane in 0..<options.lanes { group.addTask { await self.work(load, lane) } }
            group.addTask { await self.watchExtras(load) }
        }
        await load.finish()
    }

    private func listen() {
        while let line = readLine() {
            if let kind = Payload.Kind(rawValue: line) { extras.withLock { $0.append(kind) } }
        }
        patience.withLock { $0 = .now + Self.lastWait }
        isOver.store(true, ordering: .releasing)
    }

    private func work(_ load: some Load, _ lane: Int) async {
        var random = Seeded(options.seed &+ UInt64(lane) &* 1_000_003)
        while !isOver.load(ordering: .acquiring) {
            let time = Int.random(in: options.milliseconds, using: &random)
            await load.run(payload(.work, time)) { self.isImpatient }
            // All lanes together come to the rate; a lane that has to wait for its answer does less.
            let pause = Double(options.lanes) / options.rate * Double.random(in: 0...2, using: &random)
            try? await Task.sleep(for: .seconds(pause))
        }
    }

    private func watchExtras(_ load: some Load) async {
        await withTaskGroup(of: Void.self) { group in
            while !isOver.load(ordering: .acquiring) {
                for kind in extras.withLock({ extras in
                    defer { extras = [] }
                    return extras
                }) {
                    group.addTask { await load.run(self.payload(kind, Self.fuse)) { self.isImpatient } }
                }
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    private var isImpatient: Bool { patience.withLock { $0 }.map { $0 <= .now } ?? false }

    private func payload(_ kind: Payload.Kind, _ milliseconds: Int) -> Payload {
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return Payload(kind, "\(options.name)-\(number)", milliseconds: milliseconds)
    }
}

/// SplitMix64: the same load every time.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
