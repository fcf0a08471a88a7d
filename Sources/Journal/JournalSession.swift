// SPDX-License-Identifier: MIT

import Foundation
internal import GRDB
import Wire

/// What one transaction does. Of use only inside ``Journal/transaction(_:)``.
public final class JournalSession {
    let db: Database
    let configuration: JournalConfiguration
    var counts: JournalCounts
    var settledBytes: Int64
    /// Whether there is something to commit.
    var isChanged = false

    init(_ db: Database, _ configuration: JournalConfiguration, _ counts: JournalCounts, _ settledBytes: Int64) {
        self.db = db
        self.configuration = configuration
        self.counts = counts
        self.settledBytes = settledBytes
    }

    /// Turns SQLite's errors into the room's own.
    func attempt<Answer>(_ body: () throws -> Answer) throws(JournalError) -> Answer {
        do {
            return try body()
        } catch {
            throw JournalError(error, path: configuration.path, db)
        }
    }

    func save(_ row: JobRow) throws {
        isChanged = true
        try row.save(db)
    }

    func dropRequest(_ number: Int64) throws {
        try db.execute(sql: "DELETE FROM requests WHERE number = ?", arguments: [number])
        counts.requests -= Int64(db.changesCount)
    }

    func fetch(_ number: Int64) throws -> JobRow? {
        try JobRow.fetch(db, where: "number = ?", [number])
    }

    func fetch(id: String) throws -> JobRow? {
        try JobRow.fetch(db, where: "id = ?", [id])
    }
}

extension JobRow {
    /// As a caller sees it.
    func proto(withResult: Bool) throws(JournalError) -> ProtoDurableJob {
        do {
            let said = try WireEncoding.decodeResponse(ProtoSubmitJobRequest.self, from: metadata)
            var job = ProtoDurableJob()
            job.id = id
            job.state = state
            job.method = method
            job.key = key
            job.customID = customID
            job.client = client
            job.metadata = said.metadata
            job.submittedMs = submitted
            job.deadlineMs = deadline
            if let settled { job.settledMs = settled }
            job.attempts = UInt32(clamping: attempts)
            job.interruptions = UInt32(clamping: interruptions)
            if !status.isEmpty { job.status = try WireEncoding.decodeResponse(ProtoStatus.self, from: status) }
            if withResult, state == .succeeded {
                job.result = try WireEncoding.decodeResponse(ProtoGroundingResult.self, from: result)
            }
            return job
        } catch {
            throw .damagedJob(number)
        }
    }
}
