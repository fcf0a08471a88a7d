// SPDX-License-Identifier: MIT

internal import GRDB
internal import Wire

extension JournalSession {
    /// How many jobs there are in each state, by a word for it; those that are settled in one number, whatever they came to.
    public func figures() throws(JournalError) -> [String: Int] {
        try attempt {
            // An index has just these.
            let rows = try Row.fetchAll(
                db, sql: "SELECT state, COUNT(*) FROM jobs WHERE settled_ms IS NULL GROUP BY state")
            var figures = ["queued": 0, "running": 0]
            for row in rows {
                let isRunning = row[0] as Int == ProtoDurableJob.State.running.rawValue
                figures[isRunning ? "running" : "queued", default: 0] += row[1] as Int
            }
            figures["settled"] = Int(counts.jobs) - figures.values.reduce(0, +)
            return figures
        }
    }
}
