// SPDX-License-Identifier: MIT
package import Wire

/// What became of a worker that was to be drained or to work again, in a line.
package enum DrainReport {
    /// The state of a worker that has finished what it had.
    package static let drained = "drained"

    package static func line(_ answer: ProtoDrainResponse) -> String {
        let worker = answer.worker
        let jobs = worker.state == "draining" ? ", \(worker.jobs) \(worker.jobs == 1 ? "job" : "jobs") to finish" : ""
        return TerminalText.line(
            "\(worker.worker) (\(worker.name)): \(worker.state)\(jobs)\(answer.changed ? "" : "; nothing changed")")
    }
}
