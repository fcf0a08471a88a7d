// SPDX-License-Identifier: MIT

internal import GRDB
import Grounding
public import Wire

/// Which jobs a caller wants to see, checked.
public struct JobQuery: Sendable, Hashable {
    var states: [Int] = []
    var client: String?
    /// Whose jobs the caller may see; `nil`: everybody's.
    var owner: String?
    var submittedFrom: Double?
    var submittedBefore: Double?
    var customIDPrefix = ""
    var size = WireLimits.defaultJobPage
    /// The number of the last job of the page before.
    var after: Int64 = 0

    /// - Throws: INVALID_ARGUMENT with the field of each violation.
    public init(_ message: ProtoListJobsRequest) throws(RPCStatus) {
        var violations: [FieldViolation] = []
        if message.states.count > WireLimits.jobStates || message.states.contains(where: { !$0.isState }) {
            violations.append(FieldViolation("states", "has more than \(WireLimits.jobStates) or one that is none"))
        }
        if message.customIDPrefix.utf8.count > WireLimits.jobTextBytes {
            violations.append(FieldViolation("custom_id_prefix", "has more than \(WireLimits.jobTextBytes) bytes"))
        }
        for (field, time) in [
            ("submitted_from_ms", message.submittedFromMs), ("submitted_before_ms", message.submittedBeforeMs),
        ] where !time.isFinite { violations.append(FieldViolation(field, "is no number")) }
        if message.hasPageSize, !(1...WireLimits.jobPage).contains(Int(message.pageSize)) {
            violations.append(FieldViolation("page_size", "is not in 1...\(WireLimits.jobPage)"))
        }
        let after = message.page.isEmpty ? 0 : Int64(message.page)
        if after == nil || after! < 0 {
            violations.append(FieldViolation("page", "is not the next_page of an earlier list"))
        }
        guard violations.isEmpty else { throw .invalid(violations) }
        states = message.states.map(\.rawValue)
        client = message.hasClient ? message.client : nil
        submittedFrom = message.hasSubmittedFromMs ? message.submittedFromMs : nil
        submittedBefore = message.hasSubmittedBeforeMs ? message.submittedBeforeMs : nil
        customIDPrefix = message.customIDPrefix
        if message.hasPageSize { size = Int(message.pageSize) }
        self.after = after!
    }

    /// The same among one client's jobs alone; of all for `nil`.
    public func limited(to owner: String?) -> JobQuery {
        guard let owner else { return self }
        var query = self
        query.owner = owner
        return query
    }

    /// Each condition has its values among the arguments: nothing that a caller wrote becomes SQL.
    var conditions: ([String], StatementArguments) {
        var conditions: [String] = []
        var arguments = StatementArguments()
        if !states.isEmpty { conditions.append("state IN (\(states.map(String.init).joined(separator: ",")))") }
        for client in [client, owner].compactMap({ $0 }) {
            conditions.append("client = ?")
            arguments += [client]
        }
        if let submittedFrom {
            conditions.append("submitted_ms >= ?")
            arguments += [submittedFrom]
        }
        if let submittedBefore {
            conditions.append("submitted_ms < ?")
            arguments += [submittedBefore]
        }
        if !customIDPrefix.isEmpty {
            // Not LIKE: its wildcards are ordinary characters of a name.
            conditions.append("substr(custom_id, 1, ?) = ?")
            arguments += [customIDPrefix.unicodeScalars.count, customIDPrefix]
        }
        return (conditions, arguments)
    }
}

extension ProtoDurableJob.State {
    fileprivate var isState: Bool {
        if case .UNRECOGNIZED = self { return false }
        return self != .unspecified
    }
}
