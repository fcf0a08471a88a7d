// SPDX-License-Identifier: MIT

import Foundation
internal import GRDB
import Wire

/// A job that a broker took out of the journal to have it done.
public struct ClaimedJob: Sendable, Hashable {
    public let number: Int64
    public let id: String
    public let method: String
    public let metadata: [String: String]
    /// What is left of its time, in milliseconds.
    public let remaining: Double
    public let body: [UInt8]
    public let image: [UInt8]
}

// What the broker does with the jobs.
extension JournalSession {
    /// Jobs whose broker ended while they ran begin anew.
    func queueInterrupted() throws(JournalError) {
        try attempt {
            let sql = "SELECT number FROM jobs WHERE settled_ms IS NULL AND state = ?"
            for number in try Int64.fetchAll(db, sql: sql, arguments: [ProtoDurableJob.State.running.rawValue]) {
                guard var row = try fetch(number) else { continue }
                row.state = .queued
                row.interruptions += 1
                try save(row)
            }
        }
    }

    /// Takes jobs out to be done, oldest first; at least one where there is any.
    ///
    /// - Parameter bytes: requests and images of all of them together.
    /// - Returns: the jobs, and those whose request cannot be read any more: they have failed.
    public func claim(
        atMost count: Int, bytes: Int, at now: Double
    ) throws(JournalError) -> (jobs: [ClaimedJob], unreadable: [String]) {
        try attempt {
            let numbers = try Int64.fetchAll(
                db,
                sql: """
                    SELECT number FROM jobs WHERE settled_ms IS NULL AND state = ? AND not_before_ms <= ? \
                    AND deadline_ms > ? ORDER BY number LIMIT ?
                    """, arguments: [ProtoDurableJob.State.queued.rawValue, now, now, count])
            var (jobs, unreadable, total) = ([ClaimedJob](), [String](), 0)
            for number in numbers {
                guard var row = try fetch(number) else { continue }
                guard jobs.isEmpty || total + Int(row.bytes) <= bytes else { break }
                guard let (body, image) = try request(number) else {
                    try settle(row, as: .failed, .unreadableRequest, result: [], at: now)
                    unreadable.append(row.id)
                    continue
                }
                total += Int(row.bytes)
                let metadata = try row.proto(withResult: false).metadata
                jobs.append(
                    ClaimedJob(
                        number: number, id: row.id, method: row.method, metadata: metadata,
                        remaining: row.deadline - now, body: body, image: image))
                row.state = .running
                try save(row)
            }
            return (jobs, unreadable)
        }
    }

    /// When the next job may be claimed, in milliseconds since 1970; `nil` when none waits.
    public func nextClaim() throws(JournalError) -> Double? {
        try attempt {
            try Double.fetchOne(
                db, sql: "SELECT MIN(not_before_ms) FROM jobs WHERE settled_ms IS NULL AND state = ?",
                arguments: [ProtoDurableJob.State.queued.rawValue])
        }
    }

    /// How a job's run ended. Of a job that is settled already nothing changes.
    ///
    /// - Returns: the id of a job that is settled by this.
    public func end(_ number: Int64, _ ending: JobEnding, attempts: Int, at now: Double) throws(JournalError) -> String?
    {
        try attempt {
            guard var row = try fetch(number), row.settled == nil else { return nil }
            row.attempts += Int64(attempts)
            switch ending {
            case .again(let delay):
                row.state = .queued
                row.notBefore = now + delay
                try save(row)
                return nil
            case .succeeded(let result): try settle(row, as: .succeeded, nil, result: result, at: now)
            case .failed(let status): try settle(row, as: .failed, status, result: [], at: now)
            case .quarantined(let status): try settle(row, as: .quarantined, status, result: [], at: now)
            }
            return row.id
        }
    }

    /// Ends jobs whose time is over and removes settled ones that were kept long enough, a few of each.
    ///
    /// - Returns: ids of jobs that are settled by this, numbers of those among them that are running, and whether there is more to do.
    public func clean(at now: Double) throws(JournalError) -> (settled: [String], running: [Int64], isMore: Bool) {
        try attempt {
            let step = JournalConfiguration.cleaningStep
            let late = try Int64.fetchAll(
                db, sql: "SELECT number FROM jobs WHERE settled_ms IS NULL AND deadline_ms <= ? LIMIT ?",
                arguments: [now, step])
            var (settled, running) = ([String](), [Int64]())
            for number in late {
                guard let row = try fetch(number) else { continue }
                let status = RPCStatus(.deadlineExceeded, "the job's time was over before it was done")
                try settle(row, as: .failed, status, result: [], at: now)
                settled.append(row.id)
                if row.state == .running { running.append(number) }
            }
            let removed = try removeOld(at: now, step: step)
            return (settled, running, late.count == step || removed == step)
        }
    }

    private func removeOld(at now: Double, step: Int) throws -> Int {
        let oldest = try Row.fetchAll(
            db,
            sql: """
                SELECT number, bytes, settled_ms FROM jobs WHERE settled_ms IS NOT NULL \
                ORDER BY settled_ms, number LIMIT ?
                """, arguments: [step])
        var removed = 0
        for row in oldest {
            let (number, bytes, settled): (Int64, Int64, Double) = (row[0], row[1], row[2])
            let isOld = settled + configuration.keptSeconds * 1000 <= now
            guard isOld || settledBytes > Int64(configuration.keptBytes) else { break }
            try dropRequest(number)
            try db.execute(sql: "DELETE FROM jobs WHERE number = ?", arguments: [number])
            counts.jobs -= 1
            settledBytes -= bytes
            isChanged = true
            removed += 1
        }
        return removed
    }

    /// The picture is not needed any more, but for a job that somebody will want to look into.
    func settle(
        _ row: JobRow, as state: ProtoDurableJob.State, _ status: RPCStatus?, result: [UInt8], at now: Double
    ) throws {
        var row = row
        row.state = state
        row.settled = now
        row.status = status.map { WireEncoding.protobuf.encode($0.proto) } ?? []
        row.result = result
        if state == .quarantined {
            row.bytes += Int64(row.status.count)
        } else {
            try dropRequest(row.number)
            row.bytes = Int64(result.count + row.status.count + row.metadata.count)
        }
        settledBytes += row.bytes
        try save(row)
    }

    /// `nil` where it is not what was written.
    private func request(_ number: Int64) throws -> ([UInt8], [UInt8])? {
        let row = try Row.fetchOne(
            db, sql: "SELECT body, image, digest FROM requests WHERE number = ?", arguments: [number])
        guard let row, let body = JobRow.blob(row, "body"), let image = JobRow.blob(row, "image"),
            JobRow.blob(row, "digest") == Self.requestDigest(number, body, image)
        else { return nil }
        return (body, image)
    }
}

extension RPCStatus {
    fileprivate static let unreadableRequest = RPCStatus(
        .internal, "the job's request cannot be read from the journal any more", reason: .storageFailed)
}
