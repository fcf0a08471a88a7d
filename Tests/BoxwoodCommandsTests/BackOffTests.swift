// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Testing

@Suite("Back-off")
struct BackOffTests {
    @Test("Doubles with each death and stops at the ceiling")
    func doubles() {
        var backOff = BackOff(first: .seconds(1), ceiling: .seconds(8), jitter: 0)
        let waits = (0..<6).map { _ in backOff.wait(afterRunning: .zero, random: 0) }
        #expect(waits == [1, 2, 4, 8, 8, 8].map(Duration.seconds))
        #expect(backOff.deaths == 6)
    }

    @Test("Never gives up and never overflows")
    func forEver() {
        var backOff = BackOff(first: .milliseconds(1), ceiling: .seconds(30), jitter: 0)
        var last = Duration.zero
        for _ in 0..<100_000 { last = backOff.wait(afterRunning: .zero, random: 0) }
        #expect(last == .seconds(30))
    }

    @Test("A healthy run starts over; one just short of it does not")
    func healthy() {
        var backOff = BackOff(first: .seconds(1), ceiling: .seconds(64), healthyAfter: .seconds(60), jitter: 0)
        _ = backOff.wait(afterRunning: .zero, random: 0)
        _ = backOff.wait(afterRunning: .zero, random: 0)
        #expect(backOff.wait(afterRunning: .seconds(59), random: 0) == .seconds(4))
        #expect(backOff.wait(afterRunning: .seconds(60), random: 0) == .seconds(1))
        #expect(backOff.deaths == 1)
    }

    @Test("Jitter shortens a wait by at most its part", arguments: [0.0, 0.25, 0.999])
    func jitter(_ random: Double) {
        var backOff = BackOff(first: .seconds(4), ceiling: .seconds(4), jitter: 0.5)
        let wait = backOff.wait(afterRunning: .zero, random: random)
        #expect(wait == .seconds(4) * (1 - 0.5 * random))
        #expect(wait > .seconds(2) && wait <= .seconds(4))
    }
}
