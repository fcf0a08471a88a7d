// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Foundation
import Synchronization

/// SIGTERM and SIGINT for a process that drains: the first is waited for, the second ends the process at once.
final class StopSignals: Sendable {
    private let arrived = AsyncStream.makeStream(of: Void.self)
    private let count = Mutex(0)

    init() {
        Signals.handle { [self] in
            let number = count.withLock { count in
                count += 1
                return count
            }
            if number > 1 { exit(ProgramExit.interrupted.rawValue) }
            arrived.continuation.yield()
        }
    }

    func first() async {
        for await _ in arrived.stream { return }
    }
}
