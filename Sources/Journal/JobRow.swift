// SPDX-License-Identifier: MIT

internal import Crypto
import Foundation
internal import GRDB
internal import Wire

/// A job as the table `jobs` has it. Its digest covers every column, so that a bit that turned over is found when the row is
/// read; SQLite itself looks only at the shape of its pages.
struct JobRow {
    var number: Int64 = 0
    var id = ""
    var state = ProtoDurableJob.State.queued
    var method = ""
    var key = ""
    var customID = ""
    var client = ""
    /// Metadata, as a binary `SubmitJobRequest` that has nothing else.
    var metadata: [UInt8] = []
    var submitted = 0.0
    var deadline = 0.0
    /// Not given to a worker earlier.
    var notBefore = 0.0
    var settled: Double?
    var attempts: Int64 = 0
    var interruptions: Int64 = 0
    /// Of method, request, image and what else the caller said: equal submits have equal ones.
    var content: [UInt8] = []
    var status: [UInt8] = []
    var result: [UInt8] = []
    /// What it takes of the journal's room.
    var bytes: Int64 = 0

    static let columns = """
        number, id, state, method, key, custom_id, client, metadata, submitted_ms, deadline_ms, not_before_ms, settled_ms, \
        attempts, interruptions, content, status, result, bytes, digest
        """

    init() {}

    /// - Throws: `damaged` when the columns are not what was written.
    init(_ row: Row) throws(JournalError) {
        number = row["number"] ?? 0
        guard let found = Self.read(row), found.digest == Self.blob(row, "digest") else {
            throw .damagedJob(number)
        }
        self = found
    }

    /// `nil` where a column is not even of its type.
    private static func read(_ row: Row) -> JobRow? {
        var job = JobRow()
        guard let number = Int64.fromDatabaseValue(row["number"]), let id = String.fromDatabaseValue(row["id"]),
            let state = Int.fromDatabaseValue(row["state"]).flatMap(ProtoDurableJob.State.init(rawValue:)),
            let method = String.fromDatabaseValue(row["method"]), let key = String.fromDatabaseValue(row["key"]),
            let customID = String.fromDatabaseValue(row["custom_id"]),
            let client = String.fromDatabaseValue(row["client"]), let metadata = blob(row, "metadata"),
            let submitted = Double.fromDatabaseValue(row["submitted_ms"]),
            let deadline = Double.fromDatabaseValue(row["deadline_ms"]),
            let notBefore = Double.fromDatabaseValue(row["not_before_ms"]),
            let attempts = Int64.fromDatabaseValue(row["attempts"]),
            let interruptions = Int64.fromDatabaseValue(row["interruptions"]), let content = blob(row, "content"),
            let status = blob(row, "status"), let result = blob(row, "result"),
            let bytes = Int64.fromDatabaseValue(row["bytes"])
        else { return nil }
        job.number = number
        job.id = id
        job.state = state
        job.method = method
        job.key = key
        job.customID = customID
        job.client = client
        job.metadata = metadata
        job.submitted = submitted
        job.deadline = deadline
        job.notBefore = notBefore
        job.settled = Double.fromDatabaseValue(row["settled_ms"])
        job.attempts = attempts
        job.interruptions = interruptions
        job.content = content
        job.status = status
        job.result = result
        job.bytes = bytes
        return job
    }

    static func blob(_ row: Row, _ column: String) -> [UInt8]? {
        Data.fromDatabaseValue(row[column]).map(Array.init)
    }

    var digest: [UInt8] {
        var digest = Digest()
        for text in [id, method, key, customID, client] { digest.add(Array(text.utf8)) }
        for bytes in [metadata, content, status, result] { digest.add(bytes) }
        for whole in [number, Int64(state.rawValue), attempts, interruptions, bytes] {
            digest.add(UInt64(bitPattern: whole))
        }
        for time in [submitted, deadline, notBefore, settled ?? -1] { digest.add(time.bitPattern) }
        return digest.bytes
    }

    private var values: [(any DatabaseValueConvertible)?] {
        [
            id, state.rawValue, method, key, customID, client, Data(metadata), submitted, deadline, notBefore, settled,
            attempts, interruptions, Data(content), Data(status), Data(result), bytes, Data(digest),
        ]
    }

    /// Writes a new row under `number`, or the same one again.
    func save(_ db: Database) throws {
        try db.execute(
            sql: Self.upsert, arguments: StatementArguments([number as (any DatabaseValueConvertible)?] + values))
    }

    private static let upsert: String = {
        let names = columns.split(separator: ",").map { $0.filter { !$0.isWhitespace } }
        let marks = Array(repeating: "?", count: names.count).joined(separator: ", ")
        let changes = names.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        return "INSERT INTO jobs (\(columns)) VALUES (\(marks)) ON CONFLICT (number) DO UPDATE SET \(changes)"
    }()

    static func fetch(_ db: Database, where condition: String, _ arguments: StatementArguments) throws -> JobRow? {
        try Row.fetchOne(db, sql: "SELECT \(columns) FROM jobs WHERE \(condition)", arguments: arguments).map(
            JobRow.init)
    }
}

/// SHA-256 over parts, each after its length, so that no two lists of parts give the same bytes.
struct Digest {
    private var hash = SHA256()

    mutating func add(_ part: [UInt8]) {
        add(UInt64(part.count))
        hash.update(data: part)
    }

    mutating func add(_ word: UInt64) {
        withUnsafeBytes(of: word.littleEndian) { hash.update(bufferPointer: $0) }
    }

    var bytes: [UInt8] { Array(hash.finalize()) }

    /// What makes two submits the same one.
    static func content(_ submission: JobSubmission) -> [UInt8] {
        var digest = Digest()
        for text in [submission.method, submission.customID, submission.client] { digest.add(Array(text.utf8)) }
        for (key, value) in submission.metadata.sorted(by: { $0.key < $1.key }) {
            digest.add(Array(key.utf8))
            digest.add(Array(value.utf8))
        }
        digest.add(UInt64(submission.timeToLiveSeconds))
        digest.add(submission.body)
        digest.add(submission.image)
        return digest.bytes
    }
}

extension JournalError {
    static func damagedJob(_ number: Int64) -> JournalError {
        JournalError(.damaged, "job \(number) is not what was written: its digest differs")
    }
}
