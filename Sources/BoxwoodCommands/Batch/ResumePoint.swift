// SPDX-License-Identifier: MIT

/// What a run that goes on takes from the lines of an earlier one. A pure value: lines are told to it in the order of the file.
package struct ResumePoint: Sendable {
    /// Of each key of the plan, the digest of its request.
    private let requests: [String: String]
    /// The keys that have results.
    package private(set) var done: Set<String> = []
    /// The keys whose errors are tried again.
    package private(set) var failed: Set<String> = []
    /// A key that has a result for another request.
    package private(set) var conflict: String?
    /// Lines that nobody can read, and lines of keys that are none of the plan's.
    package private(set) var strange = 0
    package private(set) var others = 0

    package init(_ plan: BatchPlan) {
        requests = Dictionary(
            plan.items.map { ($0.key, plan.digests[$0.request]) }, uniquingKeysWith: { first, _ in first })
    }

    /// - Parameter mark: `nil` for a line that cannot be read.
    /// - Returns: whether the line stays in the file. Errors that are tried again do not, so that each key has one line at the end.
    package mutating func take(_ mark: BatchLine.Mark?) -> Bool {
        guard let mark else {
            strange += 1
            return true
        }
        guard let request = requests[mark.key] else {
            others += 1
            return true
        }
        guard mark.request == request else {
            conflict = conflict ?? mark.key
            return true
        }
        if !mark.isResult {
            failed.insert(mark.key)
            return false
        }
        // A line that is there twice stays once.
        return done.insert(mark.key).inserted
    }

    /// Pictures whose errors are tried again.
    package var retried: Int { failed.subtracting(done).count }
    package var isForeign: Bool { strange > 0 && done.isEmpty && failed.isEmpty && others == 0 }
}
