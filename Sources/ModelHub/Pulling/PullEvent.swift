// SPDX-License-Identifier: MIT

/// What a pull tells of itself while it goes on.
public enum PullEvent: Sendable, Hashable {
    case planned(PullPlan)
    /// So many bytes of the file are here now; less than before where it begins anew.
    case received(PlannedFile, bytes: Int)
    /// Another process fetches that file, and has so many bytes of it.
    case shared(PlannedFile, bytes: Int)
    case paused(PlannedFile?, HubError, Duration)
    /// So many bytes of the file are read back and hashed.
    case checking(PlannedFile, bytes: Int)
    case finished(PlannedFile)
}

/// How a pull goes about its work; the standard is for the hub itself.
public struct PullTerms: Sendable {
    package var connection = HubConnection.Terms()
    package var retries = RetryRules.Terms()
    /// Between two looks at a blob that somebody else fetches.
    package var turn: Duration = .milliseconds(100)
    package var freeBytes: @Sendable (String) -> Int? = { FileNames.freeBytes($0) }

    public init() {}
}
