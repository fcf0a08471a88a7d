// SPDX-License-Identifier: MIT

import Broker
import Testing

@Suite("Standing still")
struct StandstillTests {
    @Test("a wake-up that comes too late is a standstill, past the tolerance and once")
    func late() {
        var standstill = Standstill(tolerance: .milliseconds(500), now: .zero)
        for (planned, woken, gap) in [
            (1000, 1000, 0), (2000, 1700, 0), (3000, 3500, 0), (4000, 4501, 501), (5000, 65_000, 60_000),
        ] {
            standstill.plan(.milliseconds(planned))
            #expect(passed(&standstill, .milliseconds(woken)) == .milliseconds(gap))
        }
        #expect(passed(&standstill, .milliseconds(65_100)) == .zero)
        // A turn that took long counts too, from the last time it was asked.
        #expect(passed(&standstill, .milliseconds(66_000)) == .milliseconds(900))
    }

    private func passed(_ standstill: inout Standstill, _ now: Duration) -> Duration { standstill.passed(at: now) }
}
