// SPDX-License-Identifier: MIT

import Foundation
internal import GRDB
import Glibc
public import Wire

// What callers ask for. Times are milliseconds since 1970 and come from outside.
extension JournalSession {
    /// What became of a submit.
    public enum Submitted {
        case accepted(ProtoDurableJob)
        /// There is one already under this key, for the same thing.
        case known(ProtoDurableJob)
        /// There is one already under this key, for something else.
        case keyReused
    }

    /// Takes a job.
    /// - Throws: `full` where results of open jobs might find no room after it.
    public func submit(_ submission: JobSubmission, at now: Double) throws(JournalError) -> Submitted {
        try attempt {
            let content = Digest.content(submission)
            if !submission.key.isEmpty,
                let known = try JobRow.fetch(
                    db, where: "client = ? AND key = ? AND key <> ''", [submission.client, submission.key])
            {
                return known.content == content ? .known(try known.proto(withResult: true)) : .keyReused
            }
            let size = submission.body.count + submission.image.count
            try checkRoom(size)
            let row = newRow(submission, content, size, now)
            try save(row)
            try db.execute(
                sql: "INSERT INTO requests VALUES (?, ?, ?, ?)",
                arguments: [
                    row.number, Data(submission.body), Data(submission.image),
                    Data(Self.requestDigest(row.number, submission.body, submission.image)),
                ])
            counts.jobs += 1
            counts.requests += 1
            return .accepted(try row.proto(withResult: false))
        }
    }

    static func requestDigest(_ number: Int64, _ body: [UInt8], _ image: [UInt8]) -> [UInt8] {
        var digest = Digest()
        digest.add(UInt64(bitPattern: number))
        digest.add(body)
        digest.add(image)
        return digest.bytes
    }

    private func newRow(_ submission: JobSubmission, _ content: [UInt8], _ size: Int, _ now: Double) -> JobRow {
        counts.last += 1
        var row = JobRow()
        row.number = counts.last
        // The random part tells it from the job of that number in another journal, and from a guess.
        row.id = "job-\(counts.last)-" + String(UInt64.random(in: .min ... .max), radix: 36)
        row.method = submission.method
        row.key = submission.key
        row.customID = submission.customID
        row.client = submission.client
        row.metadata = Self.metadata(submission)
        row.submitted = now
        row.deadline = now + Double(submission.timeToLiveSeconds) * 1000
        row.content = content
        row.bytes = Int64(size)
        return row
    }

    private static func metadata(_ submission: JobSubmission) -> [UInt8] {
        var message = ProtoSubmitJobRequest()
        message.metadata = submission.metadata
        return WireEncoding.protobuf.encode(message)
    }

    /// - Parameter owner: the only client whose jobs it may be; `nil`: anybody's.
    /// - Returns: `nil` for an id that nobody knows, or no more, and for another client's job.
    public func job(_ id: String, of owner: String? = nil) throws(JournalError) -> ProtoDurableJob? {
        try attempt {
            guard let row = try fetch(id: id), owner == nil || row.client == owner else { return nil }
            return try row.proto(withResult: true)
        }
    }

    /// Settles a job that is not settled.
    /// - Returns: what it is then, and its number where it was running.
    public func cancel(
        _ id: String, of owner: String? = nil, at now: Double
    ) throws(JournalError) -> (job: ProtoDurableJob, running: Int64?)? {
        try attempt {
            guard let row = try fetch(id: id), owner == nil || row.client == owner else { return nil }
            guard row.settled == nil else { return (try row.proto(withResult: true), nil) }
            let status = RPCStatus(.cancelled, "the job was cancelled")
            try settle(row, as: .cancelled, status, result: [], at: now)
            return (try fetch(id: id)!.proto(withResult: true), row.state == .running ? row.number : nil)
        }
    }

    /// One page, oldest first.
    public func list(_ query: JobQuery) throws(JournalError) -> ProtoListJobsResponse {
        try attempt {
            var (conditions, arguments) = query.conditions
            conditions.append("number > ?")
            arguments += [query.after]
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT \(JobRow.columns) FROM jobs WHERE \(conditions.joined(separator: " AND ")) \
                    ORDER BY number LIMIT \(query.size + 1)
                    """, arguments: arguments)
            var page = ProtoListJobsResponse()
            var bytes = 0
            var last: Int64 = 0
            while let row = try rows.next() {
                let job = try JobRow(row)
                if page.jobs.count == query.size || bytes > WireLimits.jobPageBytes {
                    page.nextPage = String(last)
                    break
                }
                page.jobs.append(try job.proto(withResult: false))
                bytes += job.metadata.count + job.status.count + 1024
                last = job.number
            }
            return page
        }
    }

    /// Both allowances: of the database, and of the disk that it is on.
    private func checkRoom(_ size: Int) throws {
        let page = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 4096
        let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        let free = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
        let reserve = configuration.maxBytes / JournalConfiguration.reservedShare
        guard (pages - free) * page + size <= configuration.maxBytes - reserve else {
            throw JournalError(
                .full, "\(configuration.path): the journal's \(configuration.maxBytes) bytes are used up")
        }
        var disk = statvfs()
        guard statvfs(configuration.path, &disk) == 0 else { return }
        let left = UInt64(disk.f_bavail) * UInt64(disk.f_frsize)
        guard left >= UInt64(configuration.reservedDiskBytes + size) else {
            throw JournalError(.full, "\(configuration.path): \(left) bytes are left on the disk")
        }
    }
}
