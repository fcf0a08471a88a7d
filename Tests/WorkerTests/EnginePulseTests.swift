// SPDX-License-Identifier: MIT
import Testing
import Worker

struct EnginePulseTests {
    private let start = ContinuousClock.now

    @Test func anIdleEngineLives() {
        var pulse = EnginePulse(limit: .seconds(10))
        let signs = [0, 5, 100, 1000].map { pulse.isAlive(progress: 7, isBusy: false, at: start + .seconds($0)) }
        #expect(signs == [true, true, true, true])
    }

    @Test func aBusyOneLivesWhileItMovesAndForAWhileAfter() {
        var pulse = EnginePulse(limit: .seconds(10))
        let looks: [(progress: UInt64, seconds: Int)] = [(0, 0), (1, 9), (2, 18), (2, 27), (2, 28), (2, 99), (3, 100)]
        let signs = looks.map { pulse.isAlive(progress: $0.progress, isBusy: true, at: start + .seconds($0.seconds)) }
        #expect(signs == [true, true, true, true, false, false, true], "ten seconds after it moved, and not before")
    }

    @Test func timeBeforeAJobDoesNotCount() {
        var pulse = EnginePulse(limit: .seconds(10))
        _ = pulse.isAlive(progress: 1, isBusy: false, at: start)
        _ = pulse.isAlive(progress: 1, isBusy: false, at: start + .seconds(60))
        let signs = [61, 69, 70].map { pulse.isAlive(progress: 1, isBusy: true, at: start + .seconds($0)) }
        #expect(signs == [true, true, false])
    }
}
