// SPDX-License-Identifier: MIT
import Dispatch
import Glibc
import Synchronization

/// Signals, SIGTERM and SIGINT unless others are named, as calls of a function, from here to the end of the process.
package enum Signals {
    private static let queue = DispatchQueue(label: "signals")

    /// - Parameter handler: called once for each signal, on a queue of its own.
    package static func handle(_ numbers: [Int32] = [SIGTERM, SIGINT], _ handler: @escaping @Sendable () -> Void) {
        for number in numbers {
            // The default action would end the process before the source sees the signal.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            // The handler holds its source, which so lives for as long as the process.
            source.setEventHandler {
                withExtendedLifetime(source) { handler() }
            }
            source.resume()
        }
    }
}
