// SPDX-License-Identifier: MIT

/// Where a broker listens, as it says on its standard output: one line for clients, one for workers.
package struct Announcement: Sendable, Hashable {
    package var client: String
    package var worker: String

    package init(client: String, worker: String) {
        self.client = client
        self.worker = worker
    }

    /// The lines that a broker prints.
    package var lines: [String] { ["client \(client)", "worker \(worker)"] }

    /// What a broker printed so far; `nil` until both lines are there.
    package init?(lines: [String]) {
        func value(_ name: String) -> String? {
            lines.first { $0.hasPrefix(name + " ") }.map { String($0.dropFirst(name.count + 1)) }
        }
        guard let client = value("client"), let worker = value("worker") else { return nil }
        self.init(client: client, worker: worker)
    }
}
