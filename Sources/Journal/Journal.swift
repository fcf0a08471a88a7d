// SPDX-License-Identifier: MIT

import Foundation
internal import GRDB
internal import GRDBSQLite
internal import Wire

/// The durable jobs of a broker: one SQLite database, one process, one thread.
///
/// Write-ahead logging with `synchronous=FULL`: a commit returns after the log has been synced to the disk, and the seal
/// after it, so what is acknowledged survives the process and the machine. Journals are verified before they are touched;
/// one that is damaged stays as it is.
///
/// Not `Sendable`: made, used and closed by one thread.
public final class Journal {
    public let configuration: JournalConfiguration
    private let seal: Seal
    private let queue: DatabaseQueue
    var counts: JournalCounts
    /// Bytes of settled jobs.
    var settledBytes: Int64
    /// Whether there may be jobs left that ran when the last broker ended.
    public private(set) var hasInterrupted = true

    /// Opens a journal, or makes it. Jobs that were running when the last broker ended are queued again; where the disk is
    /// full that is left to ``resume()``.
    ///
    /// - Throws: `locked` while another process has it; `damaged` with everything that was found wrong; `foreign`,
    ///   `cannotOpen`.
    public init(_ configuration: JournalConfiguration) throws(JournalError) {
        self.configuration = configuration
        let path = configuration.path
        let exists = FileManager.default.fileExists(atPath: path)
        if exists, !FileManager.default.fileExists(atPath: configuration.sealPath) {
            // None is made: the next look shall find the same.
            throw JournalReport(configuration, seal: nil).error
                ?? JournalError(.damaged, "\(configuration.sealPath) is missing")
        }
        seal = try Seal(path: configuration.sealPath, create: true)
        if exists || seal.mark.commits > 0 {
            let report = JournalReport(configuration, seal: seal)
            if let error = report.error { throw error }
        } else {
            // Also after an end in the middle of the first opening: nothing was acknowledged yet.
            try seal.begin(Seal.Mark())
        }
        // It holds other people's pictures; SQLite would let everybody read it, and gives its log the same rights.
        if !exists { Self.makePrivateFile(path) }
        do {
            let queue = try Self.open(configuration)
            self.queue = queue
            (counts, settledBytes) = try queue.write { db in
                if try Int64.fetchOne(db, sql: "PRAGMA user_version") == 0 { try JournalSchema.create(db) }
                guard let counts = try JournalCounts(db) else { throw JournalError(.damaged, "\(path) has no counts") }
                let bytes = try Int64.fetchOne(
                    db, sql: "SELECT COALESCE(SUM(bytes), 0) FROM jobs WHERE settled_ms IS NOT NULL")
                return (counts, bytes ?? 0)
            }
        } catch {
            throw JournalError(error, path: path)
        }
        syncFolder(of: path)
        do throws(JournalError) {
            try resume()
        } catch  where error.code == .full {
            // A full disk keeps nobody from calling, from asking for jobs and from settling those that are there.
        }
    }

    /// Queues the jobs again that were running when the last broker ended, unless that is done.
    ///
    /// - Throws: `full` and `inputOutput`; then it is to be tried again.
    public func resume() throws(JournalError) {
        guard hasInterrupted else { return }
        try transaction { session throws(JournalError) in try session.queueInterrupted() }
        hasInterrupted = false
    }

    /// Makes changes that are on disk when it returns, or none.
    ///
    /// - Throws: what the body throws, and `full` or `inputOutput`.
    public func transaction<Answer>(
        _ body: (JournalSession) throws(JournalError) -> Answer
    ) throws(JournalError) -> Answer {
        do {
            let session = try queue.write { [counts, settledBytes, configuration] db in
                let session = JournalSession(db, configuration, counts, settledBytes)
                let answer = try body(session)
                if session.isChanged {
                    session.counts.commits += 1
                    try session.counts.save(db)
                }
                return (session, answer)
            }
            counts = session.0.counts
            settledBytes = session.0.settledBytes
            // Also when nothing changed now but an earlier seal failed.
            if seal.mark.commits < counts.commits {
                try seal.write(Seal.Mark(commits: counts.commits, lastNumber: counts.last))
            }
            return session.1
        } catch {
            throw queue.inDatabase { JournalError(error, path: configuration.path, $0) }
        }
    }

    private static func makePrivateFile(_ path: String) {
        _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
    }

    private static func open(_ journal: JournalConfiguration) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.prepareDatabase { db in
            // Exclusive before the first access: no shared memory file, and no second process.
            for pragma in [
                "locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL", "trusted_schema = OFF",
                "cell_size_check = ON", "journal_size_limit = \(64 << 20)",
            ] {
                _ = try Row.fetchAll(db, sql: "PRAGMA \(pragma)")
            }
            let page = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 4096
            _ = try Row.fetchAll(db, sql: "PRAGMA max_page_count = \(max(1, journal.maxBytes / page))")
        }
        return try DatabaseQueue(path: journal.path, configuration: configuration)
    }
}

extension JournalError {
    /// - Parameter db: whose error it is, where there is a connection: it knows what the system said.
    init(_ error: any Error, path: String, _ db: Database? = nil) {
        switch error {
        case let error as JournalError: self = error
        case let error as DatabaseError:
            let code: Code =
                switch error.resultCode {
                case .SQLITE_FULL: .full
                // SQLite knows a full disk by ENOSPC alone.
                case .SQLITE_IOERR where db.map(\.lastWriteError).map(isNoRoom) ?? false: .full
                case .SQLITE_BUSY, .SQLITE_LOCKED: .locked
                case .SQLITE_CORRUPT: .damaged
                case .SQLITE_NOTADB: .foreign
                case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY: .cannotOpen
                default: .inputOutput
                }
            self.init(code, "\(path): \(error.message ?? "error \(error.resultCode.rawValue) of SQLite")")
        default: self.init(.inputOutput, "\(path): \(error)")
        }
    }
}

extension Database {
    /// What the system said when a write to the log, or else to the database, failed last; 0 when none did.
    ///
    /// Asked of the files themselves: what `sqlite3_system_errno` keeps is the thread's, which others have set since.
    fileprivate var lastWriteError: Int32 {
        for kind in [SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER] {
            var file: UnsafeMutablePointer<sqlite3_file>?
            guard sqlite3_file_control(sqliteConnection, "main", kind, &file) == SQLITE_OK, let file else { continue }
            var error: Int32 = 0
            _ = file.pointee.pMethods?.pointee.xFileControl?(file, SQLITE_FCNTL_LAST_ERRNO, &error)
            if error != 0 { return error }
        }
        return 0
    }
}
