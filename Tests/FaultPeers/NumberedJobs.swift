// SPDX-License-Identifier: MIT
import Client
import Foundation
import Grounding
import Wire

/// A client that gives one broker numbered jobs to keep, again and again until they are acknowledged, and waits for each.
struct NumberedJobs: Load {
    let client: BoxwoodClient
    let ledger: Ledger
    let name: String

    private static let submitTimeout: Duration = .seconds(10)
    private static let waitTimeout: Duration = .seconds(8)
    private static let pause: Duration = .milliseconds(200)

    init(_ options: Options, _ ledger: Ledger) throws {
        client = try BoxwoodClient(try options.singleAttempts)
        self.ledger = ledger
        name = options.name
    }

    func run(_ payload: Payload, isStopping: @Sendable () -> Bool) async {
        guard let id = await submit(payload, isStopping) else { return }
        await settle(id, payload, isStopping)
    }

    /// The id, once it is acknowledged; `nil` where it was not before the end.
    private func submit(_ payload: Payload, _ isStopping: @Sendable () -> Bool) async -> String? {
        // The key is what makes the second submit of a number the first one's job.
        let submission = JobSubmission(
            TaskRequest(.ask(question: payload.question, grounded: false)), image: payload.image, key: payload.number,
            customID: payload.number)
        ledger.note("submit", ["n": payload.number, "k": payload.kind.rawValue])
        while !isStopping() {
            do throws(RPCStatus) {
                let job = try await client.submit(submission, timeout: Self.submitTimeout)
                ledger.note("acknowledged", ["n": payload.number, "id": job.id])
                return job.id
            } catch {
                ledger.note("refused", error.fields.merging(["n": payload.number]) { $1 })
                try? await Task.sleep(for: Self.pause)
            }
        }
        return nil
    }

    private func settle(_ id: String, _ payload: Payload, _ isStopping: @Sendable () -> Bool) async {
        while !isStopping() {
            do throws(RPCStatus) {
                let job = try await client.waitForJob(id, timeout: Self.waitTimeout)
                guard job.isOver else { continue }
                return ledger.note("settled", job.fields(for: payload))
            } catch {
                ledger.note("unanswered", error.fields.merging(["n": payload.number, "id": id]) { $1 })
                guard error.code != .notFound else { return }
                try? await Task.sleep(for: Self.pause)
            }
        }
    }

    func finish() async {
        ledger.note("done", ["strays": client.strayCount])
        client.close()
    }
}

extension NumberedJobs {
    /// What the broker has of every job, when all is quiet again.
    func audit() async throws {
        var query = ProtoListJobsRequest()
        query.pageSize = 500
        repeat {
            let page = try await Self.patiently { () throws(RPCStatus) in try await client.jobs(query) }
            for listed in page.jobs {
                let job = try await Self.patiently { () throws(RPCStatus) in try await client.job(listed.id) }
                ledger.note("kept", job.fields(for: nil))
            }
            query.page = page.nextPage
        } while !query.page.isEmpty
        client.close()
    }

    /// On a machine that is busy with the end of the load a broker may be slow to answer; what it says is what counts.
    private static func patiently<Answer>(
        _ question: () async throws(RPCStatus) -> Answer
    ) async throws -> Answer {
        for _ in 0..<20 {
            do throws(RPCStatus) {
                return try await question()
            } catch {
                guard error.code == .unavailable || error.code == .deadlineExceeded else { throw error }
                try await Task.sleep(for: .milliseconds(500))
            }
        }
        return try await question()
    }
}

extension ProtoDurableJob {
    var isOver: Bool { [.succeeded, .failed, .cancelled, .quarantined].contains(state) }

    /// For a ledger; the payload, where it is not known, is what the result says it is.
    func fields(for payload: Payload?) -> [String: any Sendable] {
        let claimed = payload ?? Payload(question: result.caption)
        let isRight = claimed.map {
            $0.number == customID && $0.isAnswered(caption: result.caption, checksum: result.image.sha256)
        }
        return [
            "n": customID, "id": id, "state": "\(state)", "settled": settledMs, "a": Int(attempts),
            "interruptions": Int(interruptions), "ok": isRight ?? false, "r": RPCStatus(status).reason?.rawValue ?? "",
        ]
    }
}
