// SPDX-License-Identifier: MIT
import Grounding

/// The one JSON of a durable job: the same from the command line and in the body of an answer. Every key is always there, but
/// for `settled_ms`, `status` and `result`, which are there when the job has them.
public enum JobJSON {
    public static func compact(_ job: ProtoDurableJob) -> String { value(job).text(indented: false) }

    /// Over many lines, for people.
    public static func pretty(_ job: ProtoDurableJob) -> String { value(job).text(indented: true) }

    /// A page of a list.
    public static func text(_ page: ProtoListJobsResponse, indented: Bool) -> String {
        JSONText.object([("jobs", .array(page.jobs.map(value))), ("next_page", .string(page.nextPage))])
            .text(indented: indented)
    }

    private static func value(_ job: ProtoDurableJob) -> JSONText {
        var members: [(key: String, value: JSONText)] = [
            ("id", .string(job.id)), ("state", .string(job.state.name)), ("method", .string(job.method)),
            ("key", .string(job.key)), ("custom_id", .string(job.customID)), ("client", .string(job.client)),
            ("metadata", .object(job.metadata.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })),
            ("submitted_ms", .number(job.submittedMs)), ("deadline_ms", .number(job.deadlineMs)),
            ("attempts", .integer(Int(job.attempts))), ("interruptions", .integer(Int(job.interruptions))),
        ]
        if job.hasSettledMs { members.append(("settled_ms", .number(job.settledMs))) }
        if job.hasStatus {
            members.append(("status", .written(String(decoding: WireEncoding.json.encode(job.status), as: UTF8.self))))
        }
        if job.hasResult, let result = try? GroundingResult(job.result) {
            members.append(("result", ResultJSON.value(result)))
        }
        return .object(members)
    }
}

extension ProtoDurableJob {
    /// The body of an answer: binary, or JSON as ``JobJSON`` writes it everywhere.
    public func body(_ encoding: WireEncoding) -> [UInt8] {
        encoding == .json ? Array(JobJSON.compact(self).utf8) : encoding.encode(self)
    }

    public var isSettled: Bool { state != .queued && state != .running }
}

extension ProtoListJobsResponse {
    public func body(_ encoding: WireEncoding) -> [UInt8] {
        encoding == .json ? Array(JobJSON.text(self, indented: false).utf8) : encoding.encode(self)
    }
}

extension ProtoDurableJob.State {
    /// The name in the protocol: `QUEUED`.
    public var name: String {
        switch self {
        case .queued: "QUEUED"
        case .running: "RUNNING"
        case .succeeded: "SUCCEEDED"
        case .failed: "FAILED"
        case .cancelled: "CANCELLED"
        case .quarantined: "QUARANTINED"
        case .unspecified, .UNRECOGNIZED: "UNSPECIFIED"
        }
    }

    /// - Parameter name: in either case.
    public init?(name: String) {
        guard let state = Self.allCases.first(where: { $0.name == name.uppercased() && $0 != .unspecified }) else {
            return nil
        }
        self = state
    }
}
