// SPDX-License-Identifier: MIT

internal import GRDB

/// The tables, and what tells the file from any other database.
enum JournalSchema {
    /// "BXWJ".
    static let applicationID: Int64 = 0x4258_574A
    static let version: Int64 = 1

    static func create(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE jobs (
                  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, state INTEGER NOT NULL,
                  method TEXT NOT NULL, key TEXT NOT NULL, custom_id TEXT NOT NULL, client TEXT NOT NULL,
                  metadata BLOB NOT NULL, submitted_ms REAL NOT NULL, deadline_ms REAL NOT NULL,
                  not_before_ms REAL NOT NULL, settled_ms REAL, attempts INTEGER NOT NULL,
                  interruptions INTEGER NOT NULL, content BLOB NOT NULL, status BLOB NOT NULL, result BLOB NOT NULL,
                  bytes INTEGER NOT NULL, digest BLOB NOT NULL);
                CREATE UNIQUE INDEX jobs_key ON jobs (client, key) WHERE key <> '';
                CREATE INDEX jobs_open ON jobs (state, number) WHERE settled_ms IS NULL;
                CREATE INDEX jobs_deadline ON jobs (deadline_ms) WHERE settled_ms IS NULL;
                CREATE INDEX jobs_settled ON jobs (settled_ms, number) WHERE settled_ms IS NOT NULL;
                -- What is to be done, until it is done.
                CREATE TABLE requests (number INTEGER PRIMARY KEY, body BLOB NOT NULL, image BLOB NOT NULL, digest BLOB NOT NULL);
                -- Commits, as the seal counts them, and rows of the other tables.
                CREATE TABLE counts (
                  one INTEGER PRIMARY KEY CHECK (one = 1), commits INTEGER NOT NULL, jobs INTEGER NOT NULL,
                  requests INTEGER NOT NULL, last INTEGER NOT NULL);
                INSERT INTO counts VALUES (1, 0, 0, 0, 0);
                PRAGMA application_id = \(applicationID);
                PRAGMA user_version = \(version);
                """)
    }
}

/// The row of `counts`.
struct JournalCounts: Hashable {
    var commits: Int64
    var jobs: Int64
    var requests: Int64
    /// The highest number given to a job.
    var last: Int64

    init?(_ db: Database) throws {
        guard let row = try Row.fetchOne(db, sql: "SELECT commits, jobs, requests, last FROM counts") else {
            return nil
        }
        guard let commits = Int64.fromDatabaseValue(row[0]), let jobs = Int64.fromDatabaseValue(row[1]),
            let requests = Int64.fromDatabaseValue(row[2]), let last = Int64.fromDatabaseValue(row[3])
        else { return nil }
        self.commits = commits
        self.jobs = jobs
        self.requests = requests
        self.last = last
    }

    func save(_ db: Database) throws {
        try db.execute(
            sql: "UPDATE counts SET commits = ?, jobs = ?, requests = ?, last = ?",
            arguments: [commits, jobs, requests, last])
    }
}
