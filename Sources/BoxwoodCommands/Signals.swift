// SPDX-License-Identifier: MIT
import Dispatch
import Glibc

/// SIGTERM and SIGINT as calls of a function, for as long as this value lives.
package struct Signals {
    private let sources: [any DispatchSourceSignal]

    /// - Parameter handler: called once for each signal, on a queue of its own.
    package init(handler: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "signals")
        sources = [SIGTERM, SIGINT].map { number in
            // The default action would end the process before the source sees the signal.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler(handler: handler)
            source.resume()
            return source
        }
    }

    /// Keeps the value alive up to here.
    package func end() {
        for source in sources { source.cancel() }
    }
}
