// SPDX-License-Identifier: MIT
import Client
import Foundation
import Wire

/// Asks one broker for its counters, each second until the standard input ends: a broker that is killed takes them along.
struct BrokerCounters {
    private let client: BoxwoodClient
    private let ledger: Ledger

    init(_ options: Options, _ ledger: Ledger) throws {
        client = try BoxwoodClient(try options.singleAttempts)
        self.ledger = ledger
    }

    func run() async throws {
        let task = Task {
            while !Task.isCancelled {
                if let status = try? await client.status(timeout: .seconds(1)) {
                    ledger.note(
                        "counters",
                        [
                            "up": status.uptimeS, "workers": status.workers.count,
                            "waiting": Int(status.queue.waiting), "counters": status.counters,
                        ])
                }
                try? await Task.sleep(for: .seconds(1))
            }
        }
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                while readLine() != nil {}
                continuation.resume()
            }
        }
        task.cancel()
        client.close()
    }
}
