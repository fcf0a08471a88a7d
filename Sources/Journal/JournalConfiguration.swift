// SPDX-License-Identifier: MIT

/// Where a journal is, and what it may take.
public struct JournalConfiguration: Sendable, Hashable {
    /// The database; `-wal` and `-seal` are beside it.
    public var path: String
    /// How long a settled job is kept.
    public var keptSeconds: Double
    /// Most bytes of settled jobs, results above all; past it the oldest go first.
    public var keptBytes: Int
    /// The most that the database may grow to.
    public var maxBytes: Int
    /// What must be left on the disk, or no job is taken: results of jobs that are open must find room.
    public var reservedDiskBytes: Int

    public static let standardKeptSeconds = 86_400.0
    public static let standardKeptBytes = 1 << 30
    public static let standardMaxBytes = 16 << 30
    public static let standardReservedDiskBytes = 64 << 20
    /// Of the database's own allowance, one part in so many is kept for results.
    public static let reservedShare = 16
    /// Settled jobs that one step of cleaning removes.
    public static let cleaningStep = 64

    public init(
        path: String, keptSeconds: Double = standardKeptSeconds, keptBytes: Int = standardKeptBytes,
        maxBytes: Int = standardMaxBytes, reservedDiskBytes: Int = standardReservedDiskBytes
    ) {
        self.path = path
        self.keptSeconds = keptSeconds
        self.keptBytes = keptBytes
        self.maxBytes = maxBytes
        self.reservedDiskBytes = reservedDiskBytes
    }

    var sealPath: String { path + "-seal" }
    var logPath: String { path + "-wal" }
}
