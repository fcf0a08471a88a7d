// SPDX-License-Identifier: MIT

import Foundation
import Grounding
import Journal
import Wire

/// A journal in a folder of its own, removed with the object.
final class JournalFolder {
    let folder: String
    var configuration: JournalConfiguration

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("journal-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        configuration = JournalConfiguration(path: folder + "/jobs.db", reservedDiskBytes: 0)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    var path: String { configuration.path }

    func open() throws(JournalError) -> Journal { try Journal(configuration) }

    /// Reading may leave an empty log behind.
    var filesWithContent: [String: [UInt8]] { files.filter { !$0.value.isEmpty } }

    /// The bytes of every file of the journal, but for the index of the log, which is nobody's.
    var files: [String: [UInt8]] {
        get {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            let kept = names.filter { !$0.hasSuffix("-shm") }
            return Dictionary(
                uniqueKeysWithValues: kept.map { name in
                    (name, FileManager.default.contents(atPath: folder + "/" + name).map(Array.init) ?? [])
                })
        }
        set {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
                try? FileManager.default.removeItem(atPath: folder + "/" + name)
            }
            for (name, bytes) in newValue {
                _ = FileManager.default.createFile(atPath: folder + "/" + name, contents: Data(bytes))
            }
        }
    }
}

extension Journal {
    @discardableResult
    func submit(_ submission: JobSubmission, at now: Double = 0) throws -> ProtoDurableJob {
        switch try transaction({ session throws(JournalError) in try session.submit(submission, at: now) }) {
        case .accepted(let job), .known(let job): return job
        case .keyReused: throw RPCStatus(.alreadyExists)
        }
    }

    func claim(_ count: Int = 100, bytes: Int = 1 << 30, at now: Double = 0) throws -> [ClaimedJob] {
        try transaction { session throws(JournalError) in
            try session.claim(atMost: count, bytes: bytes, at: now)
        }.jobs
    }

    @discardableResult
    func end(_ number: Int64, _ ending: JobEnding, at now: Double = 0) throws -> String? {
        try transaction { session throws(JournalError) in
            try session.end(number, ending, attempts: 1, at: now)
        }
    }

    func job(_ id: String) throws -> ProtoDurableJob? {
        try transaction { session throws(JournalError) in try session.job(id) }
    }

    func list(_ change: (inout ProtoListJobsRequest) -> Void = { _ in }) throws -> ProtoListJobsResponse {
        var request = ProtoListJobsRequest()
        change(&request)
        let query = try JobQuery(request)
        return try transaction { session throws(JournalError) in try session.list(query) }
    }
}

/// A question as a job.
func question(
    _ text: String, key: String = "", client: String = "", image: [UInt8] = [1, 2, 3], seconds: UInt32 = 3600
) -> JobSubmission {
    JobSubmission(
        TaskRequest(.ask(question: text, grounded: false)), image: image, key: key, customID: text, client: client,
        metadata: ["who": "test"], timeToLiveSeconds: seconds)
}

/// The body of a worker's answer.
func answer(_ text: String) -> [UInt8] {
    GroundingResult(
        id: "", task: .ask, model: ModelIdentity(name: "m", revision: "r", precision: "f32"),
        image: ImageDescription(width: 1, height: 1, sha256: "", orientation: 1), caption: text, entities: [], text: "",
        finishReason: .stop
    ).body(.protobuf)
}
