// SPDX-License-Identifier: MIT

import Foundation
internal import GRDB
internal import Wire

/// What is found by looking at every page and every record of a journal. Looking changes nothing.
public struct JournalReport: Sendable, Hashable {
    public let path: String
    /// How many jobs can be read, by the name of their state.
    public private(set) var jobs: [String: Int] = [:]
    /// Everything that is wrong, a sentence each; empty for a journal that is whole.
    public private(set) var faults: [String] = []
    /// Whether it is no journal at all.
    private var isForeign = false
    /// The smallest page that a database can have.
    static let leastBytes = 512
    /// Most faults that are listed.
    public static let mostFaults = 100

    /// Looks at a journal that no broker uses.
    /// - Throws: `cannotOpen` when there is none, `locked` while a broker has it.
    public init(path: String) throws(JournalError) {
        guard FileManager.default.fileExists(atPath: path) else {
            throw JournalError(.cannotOpen, "\(path): there is no such file")
        }
        let configuration = JournalConfiguration(path: path)
        let hasSeal = FileManager.default.fileExists(atPath: configuration.sealPath)
        // A seal that is not there is a finding; none is made.
        self.init(configuration, seal: hasSeal ? try Seal(path: configuration.sealPath, create: false) : nil)
    }

    init(_ configuration: JournalConfiguration, seal: Seal?) {
        path = configuration.path
        guard FileManager.default.fileExists(atPath: path) else {
            faults.append("the file is gone, but its seal counts \(seal?.mark.commits ?? 0) commits")
            return
        }
        if let seal, seal.existed {
            if !seal.isLegible {
                faults.append("\(configuration.sealPath) cannot be read: it does not tell what was acknowledged")
            }
        } else {
            faults.append("\(configuration.sealPath) is missing: nothing tells what was acknowledged")
        }
        let size = Self.size(of: path)
        guard size >= Self.leastBytes else {
            // Made, and its broker ended before it had written anything.
            if seal?.mark.commits != 0 { faults.append("the file has only \(size) bytes: its beginning is gone") }
            return
        }
        do {
            let queue = try Self.readOnly(path)
            try queue.read { db in try look(db, seal) }
        } catch {
            let fault = JournalError(error, path: path)
            isForeign = fault.code == .foreign
            add(fault.message)
        }
    }

    /// What opening it would throw; `nil` for a journal that is whole.
    public var error: JournalError? {
        guard let first = faults.first else { return nil }
        if isForeign { return JournalError(.foreign, first.hasPrefix(path) ? first : "\(path): \(first)") }
        let more = faults.count > 1 ? " (and \(faults.count - 1) more)" : ""
        return JournalError(.damaged, "\(path) is damaged: \(first)\(more)")
    }

    /// Opens without writing: also the log of a database that is damaged stays as it is.
    ///
    /// - Throws: `damaged` for a file without its first page: SQLite would delete its log, also when it only reads.
    static func readOnly(_ path: String) throws -> DatabaseQueue {
        guard size(of: path) >= leastBytes else {
            throw JournalError(.damaged, "\(path) has only \(size(of: path)) bytes: its beginning is gone")
        }
        var configuration = Configuration()
        configuration.readonly = true
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    private static func size(of path: String) -> Int {
        (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    }

    private mutating func add(_ fault: String) {
        if faults.count < Self.mostFaults { faults.append(fault) }
    }

    private mutating func look(_ db: Database, _ seal: Seal?) throws {
        let (application, version) = (
            try Int64.fetchOne(db, sql: "PRAGMA application_id"), try Int64.fetchOne(db, sql: "PRAGMA user_version")
        )
        // Made, and its broker ended before the first commit.
        if application == 0, version == 0, seal?.mark.commits == 0,
            try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM sqlite_schema") == 0
        {
            return
        }
        guard application == JournalSchema.applicationID else {
            isForeign = (seal?.mark.commits ?? 0) == 0
            guard isForeign else { return add("its beginning is gone") }
            return add("it is a database, but no journal of Boxwood's")
        }
        guard version == JournalSchema.version else {
            isForeign = true
            return add(
                "it is a journal of version \(version ?? 0); this program knows version \(JournalSchema.version)")
        }
        for fault in try String.fetchAll(db, sql: "PRAGMA integrity_check(\(Self.mostFaults))") where fault != "ok" {
            add(fault)
        }
        guard let counts = try JournalCounts(db) else { return add("its counts are gone") }
        if let mark = seal?.mark, counts.commits < mark.commits {
            add("it ends with commit \(counts.commits), but \(mark.commits) were acknowledged")
        }
        try lookAtJobs(db, counts)
        try lookAtRequests(db, counts)
    }

    private mutating func lookAtJobs(_ db: Database, _ counts: JournalCounts) throws {
        var found: Int64 = 0
        let rows = try Row.fetchCursor(db, sql: "SELECT \(JobRow.columns) FROM jobs ORDER BY number")
        while let row = try rows.next() {
            found += 1
            do throws(JournalError) {
                jobs[try JobRow(row).state.name, default: 0] += 1
            } catch {
                add(error.message)
            }
        }
        if found != counts.jobs { add("it has \(found) jobs, but counts \(counts.jobs)") }
    }

    private mutating func lookAtRequests(_ db: Database, _ counts: JournalCounts) throws {
        var found: Int64 = 0
        let rows = try Row.fetchCursor(db, sql: "SELECT number, body, image, digest FROM requests ORDER BY number")
        while let row = try rows.next() {
            found += 1
            let number = Int64.fromDatabaseValue(row[0]) ?? 0
            guard let body = JobRow.blob(row, "body"), let image = JobRow.blob(row, "image"),
                JobRow.blob(row, "digest") == JournalSession.requestDigest(number, body, image)
            else {
                add("the request of job \(number) is not what was written: its digest differs")
                continue
            }
        }
        if found != counts.requests { add("it has \(found) requests, but counts \(counts.requests)") }
        let orphans = try Int64.fetchAll(
            db,
            sql: """
                SELECT number FROM jobs WHERE settled_ms IS NULL AND number NOT IN (SELECT number FROM requests) LIMIT \(Self.mostFaults)
                """)
        for number in orphans { add("the request of job \(number) is missing") }
    }
}
