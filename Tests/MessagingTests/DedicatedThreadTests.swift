// SPDX-License-Identifier: MIT
import Foundation
import Messaging
import Synchronization
import Testing

@Suite("Threads of their own")
struct DedicatedThreadTests {
    private final class Flag: Sendable {
        private let value = Atomic<Bool>(false)
        var isRaised: Bool { value.load(ordering: .acquiring) }
        func raise() { value.store(true, ordering: .releasing) }
    }

    /// Takes its time to go, as a context does that still has messages to send.
    private final class SlowToGo: Sendable {
        let isGone: Flag

        init(_ isGone: Flag) {
            self.isGone = isGone
        }

        deinit {
            Thread.sleep(forTimeInterval: 0.05)
            isGone.raise()
        }
    }

    @Test("Whoever joins finds that gone which only the thread held")
    func releases() {
        let isGone = Flag()
        DedicatedThread(name: "test", body(holding: SlowToGo(isGone))).join()
        #expect(isGone.isRaised)
    }

    private func body(holding object: SlowToGo) -> @Sendable () -> Void {
        { withExtendedLifetime(object) {} }
    }
}
