// SPDX-License-Identifier: MIT

import Foundation
import Grounding
import Journal
import Testing
import Wire

struct JournalTests {
    private let folder: JournalFolder

    init() throws { folder = try JournalFolder() }

    @Test func aJobOutlivesTheJournalThatTookIt() throws {
        let id = try folder.open().submit(question("what?", key: "k", client: "c"), at: 1000).id
        let journal = try folder.open()
        let job = try #require(try journal.job(id))
        #expect(job.state == .queued && job.method == Method.ask.rawValue && job.key == "k" && job.client == "c")
        #expect(job.customID == "what?" && job.metadata == ["who": "test"] && job.submittedMs == 1000)
        #expect(job.deadlineMs == 3_601_000 && !job.hasSettledMs && !job.hasStatus && !job.hasResult)
        let claimed = try #require(try journal.claim(at: 2000).first)
        #expect(claimed.id == id && claimed.image == [1, 2, 3] && claimed.remaining == 3_599_000)
        #expect(try TaskRequest(task: .ask, body: claimed.body).task == .ask(question: "what?", grounded: false))
        #expect(try journal.job(id)?.state == .running)
    }

    @Test func whatRanWhenTheBrokerEndedIsQueuedAgain() throws {
        var journal: Journal? = try folder.open()
        let id = try #require(try journal?.submit(question("a")).id)
        #expect(try journal?.claim().count == 1)
        journal = nil
        let next = try folder.open()
        let job = try #require(try next.job(id))
        #expect(job.state == .queued && job.interruptions == 1)
        #expect(try next.claim().map(\.id) == [id])
    }

    @Test func aSettledJobIsNeverClaimedOrSettledAgain() throws {
        let journal = try folder.open()
        let id = try journal.submit(question("a")).id
        let number = try #require(try journal.claim().first).number
        #expect(try journal.end(number, .succeeded(answer("first")), at: 5) == id)
        #expect(try journal.end(number, .succeeded(answer("second")), at: 6) == nil)
        #expect(try journal.end(number, .again(0), at: 7) == nil)
        #expect(try journal.claim(at: 100_000).isEmpty)
        let job = try #require(try journal.job(id))
        #expect(job.state == .succeeded && job.settledMs == 5 && job.result.caption == "first" && job.attempts == 1)
    }

    @Test func onlyTheBrokersOwnUserMayReadTheFiles() throws {
        let journal = try folder.open()
        _ = try journal.submit(question("a"))
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.folder)
        #expect(files.count >= 3)
        for file in files {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder.folder)/\(file)")
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
        }
    }

    @Test func theSameKeyIsTheSameJobForOneClient() throws {
        let journal = try folder.open()
        let first = try journal.submit(question("a", key: "k", client: "x"))
        #expect(try journal.submit(question("a", key: "k", client: "x")).id == first.id)
        #expect(try journal.submit(question("a", key: "k", client: "y")).id != first.id)
        #expect(try journal.submit(question("a")).id != (try journal.submit(question("a"))).id)
        #expect(throws: RPCStatus.self) { try journal.submit(question("b", key: "k", client: "x")) }
        #expect(throws: RPCStatus.self) {
            try journal.submit(question("a", key: "k", client: "x", image: [1, 2, 4]))
        }
        // Also after it is settled.
        let number = try #require(try journal.claim().first).number
        try journal.end(number, .succeeded(answer("yes")))
        #expect(try journal.submit(question("a", key: "k", client: "x")).state == .succeeded)
    }

    @Test func cancellingSettlesAndStopsWhatRuns() throws {
        let journal = try folder.open()
        let ids = try ["a", "b"].map { try journal.submit(question($0)).id }
        let number = try #require(try journal.claim(1).first).number
        for (index, id) in ids.enumerated() {
            let done = try journal.transaction { session throws(JournalError) in try session.cancel(id, at: 9) }
            #expect(done?.job.state == .cancelled && done?.running == (index == 0 ? number : nil))
            #expect(done?.job.status.code == .cancelled)
        }
        #expect(try journal.claim().isEmpty)
        let again = try journal.transaction { session throws(JournalError) in try session.cancel(ids[0], at: 10) }
        #expect(again?.job.settledMs == 9 && again?.running == nil)
        let unknown = try journal.transaction { session throws(JournalError) in try session.cancel("job-0", at: 1) }
        #expect(unknown == nil)
    }

    @Test func aClientsJobsAreNobodyElses() throws {
        let journal = try folder.open()
        let id = try journal.submit(question("a", client: "x")).id
        try journal.submit(question("b", client: "y"))
        func seen(by owner: String) throws -> ProtoDurableJob? {
            try journal.transaction { session throws(JournalError) in try session.job(id, of: owner) }
        }
        #expect(try seen(by: "x")?.id == id)
        #expect(try seen(by: "y") == nil)
        let stolen = try journal.transaction { session throws(JournalError) in
            try session.cancel(id, of: "y", at: 1)
        }
        #expect(stolen == nil)
        #expect(try journal.job(id)?.state == .queued)
        var request = ProtoListJobsRequest()
        request.client = "x"
        for (owner, count) in [("x", 1), ("y", 0)] {
            let query = try JobQuery(request).limited(to: owner)
            let list = try journal.transaction { session throws(JournalError) in try session.list(query) }
            #expect(list.jobs.count == count)
        }
    }

    @Test func aJobThatCouldNotRunWaitsItsTime() throws {
        let journal = try folder.open()
        try journal.submit(question("a"))
        let number = try #require(try journal.claim().first).number
        try journal.end(number, .again(500), at: 1000)
        #expect(try journal.transaction { session throws(JournalError) in try session.nextClaim() } == 1500)
        #expect(try journal.claim(at: 1499).isEmpty)
        #expect(try journal.claim(at: 1500).count == 1)
    }

    @Test func claimsAreBoundedInNumberAndBytesButTakeOne() throws {
        let journal = try folder.open()
        for index in 0..<4 { try journal.submit(question("\(index)", image: [UInt8](repeating: 7, count: 1000))) }
        #expect(try journal.claim(4, bytes: 10).count == 1)
        #expect(try journal.claim(4, bytes: 2100).count == 2)
        #expect(try journal.claim(0).isEmpty)
        #expect(try journal.claim(4).count == 1)
    }

    @Test func aJobWhoseTimeIsOverFails() throws {
        let journal = try folder.open()
        let ids = try ["a", "b"].map { try journal.submit(question($0, seconds: 1)).id }
        let number = try #require(try journal.claim(1).first).number
        let early = try journal.transaction { session throws(JournalError) in try session.clean(at: 999) }
        #expect(early.settled.isEmpty)
        let late = try journal.transaction { session throws(JournalError) in try session.clean(at: 1000) }
        #expect(Set(late.settled) == Set(ids) && late.running == [number])
        #expect(try journal.job(ids[1])?.status.code == .deadlineExceeded)
        #expect(try journal.claim(at: 1000).isEmpty)
    }

    @Test func settledJobsAreKeptTheirTimeAndRemovedInSmallSteps() throws {
        folder.configuration.keptSeconds = 1
        let journal = try folder.open()
        let count = JournalConfiguration.cleaningStep + 1
        for index in 0..<count { try journal.submit(question("\(index)")) }
        for job in try journal.claim(count) { try journal.end(job.number, .succeeded(answer("x")), at: 10) }
        let open = try journal.submit(question("open", seconds: 1000)).id
        func clean(_ now: Double) throws -> Bool {
            try journal.transaction { session throws(JournalError) in try session.clean(at: now) }.isMore
        }
        #expect(try !clean(1009))
        #expect(try journal.list().jobs.count == 66 || journal.list { $0.pageSize = 500 }.jobs.count == count + 1)
        #expect(try clean(1010))
        #expect(try journal.list { $0.pageSize = 500 }.jobs.count == 2)
        #expect(try !clean(1010))
        #expect(try journal.list().jobs.map(\.id) == [open])
    }

    @Test func pastTheAllowanceTheOldestResultsGoFirst() throws {
        let journal = try {
            folder.configuration.keptBytes = 3000
            return try folder.open()
        }()
        for index in 0..<5 { try journal.submit(question("\(index)")) }
        let text = String(repeating: "x", count: 1000)
        for job in try journal.claim() { try journal.end(job.number, .succeeded(answer(text)), at: Double(job.number)) }
        _ = try journal.transaction { session throws(JournalError) in try session.clean(at: 20) }
        #expect(try journal.list().jobs.map(\.customID) == ["3", "4"])
    }

    @Test func listsFilterAndPage() throws {
        let journal = try folder.open()
        for index in 0..<5 {
            try journal.submit(question("run-\(index)", client: index < 3 ? "x" : "y"), at: Double(index))
        }
        try journal.submit(question("other%_"), at: 9)
        _ = try journal.claim(2)
        func names(_ change: (inout ProtoListJobsRequest) -> Void) throws -> [String] {
            try journal.list(change).jobs.map(\.customID)
        }
        #expect(try names { $0.states = [.running] } == ["run-0", "run-1"])
        #expect(try names { $0.states = [.running, .queued] }.count == 6)
        #expect(try names { $0.client = "y" } == ["run-3", "run-4"])
        #expect(try names { $0.client = "" } == ["other%_"])
        #expect(try names { $0.customIDPrefix = "run-" }.count == 5)
        #expect(try names { $0.customIDPrefix = "other%" } == ["other%_"])
        #expect(try names { $0.customIDPrefix = "%" }.isEmpty)
        #expect(
            try names {
                $0.submittedFromMs = 2
                $0.submittedBeforeMs = 4
            } == ["run-2", "run-3"])
        var seen: [String] = []
        var page = ""
        repeat {
            let list = try journal.list {
                $0.pageSize = 4
                $0.page = page
            }
            seen += list.jobs.map(\.customID)
            page = list.nextPage
        } while !page.isEmpty
        #expect(seen == ["run-0", "run-1", "run-2", "run-3", "run-4", "other%_"])
    }

    @Test func queriesAreCheckedOnBothSidesOfEveryLimit() throws {
        func fields(_ change: (inout ProtoListJobsRequest) -> Void) -> [String] {
            var request = ProtoListJobsRequest()
            change(&request)
            do throws(RPCStatus) {
                _ = try JobQuery(request)
                return []
            } catch {
                return error.violations.map(\.field)
            }
        }
        #expect(fields { $0.pageSize = UInt32(WireLimits.jobPage) } == [])
        #expect(fields { $0.pageSize = UInt32(WireLimits.jobPage) + 1 } == ["page_size"])
        #expect(fields { $0.pageSize = 0 } == ["page_size"])
        #expect(fields { $0.page = "12" } == [])
        #expect(fields { $0.page = "-1" } == ["page"])
        #expect(fields { $0.page = "1; DROP TABLE jobs" } == ["page"])
        #expect(fields { $0.customIDPrefix = String(repeating: "x", count: WireLimits.jobTextBytes) } == [])
        #expect(
            fields { $0.customIDPrefix = String(repeating: "x", count: WireLimits.jobTextBytes + 1) } == [
                "custom_id_prefix"
            ])
        #expect(fields { $0.submittedFromMs = .nan } == ["submitted_from_ms"])
        #expect(fields { $0.states = [.UNRECOGNIZED(9)] } == ["states"])
        #expect(fields { $0.states = Array(repeating: .queued, count: WireLimits.jobStates + 1) } == ["states"])
    }

    @Test func whatAnEndOfACallMeans() {
        let ok = JobEnding(.ok, result: answer("x"), attempts: 1)
        #expect(ok == .succeeded(answer("x")))
        #expect(JobEnding(RPCStatus(.unavailable), result: [], attempts: 0) == .again(JobEnding.pause))
        let full = RPCStatus(.resourceExhausted, "", retryDelayMilliseconds: 70, reason: .queueFull)
        #expect(JobEnding(full, result: [], attempts: 0) == .again(70))
        let large = RPCStatus(.resourceExhausted, "", reason: .tooLarge)
        #expect(JobEnding(large, result: [], attempts: 0) == .failed(large))
        let late = RPCStatus(.deadlineExceeded)
        #expect(JobEnding(late, result: [], attempts: 0) == .again(JobEnding.pause))
        #expect(JobEnding(late, result: [], attempts: 1) == .failed(late))
        let poison = RPCStatus(.dataLoss, "", reason: .poisonJob)
        #expect(JobEnding(poison, result: [], attempts: 3) == .quarantined(poison))
        let wrong = RPCStatus(.invalidArgument)
        #expect(JobEnding(wrong, result: [], attempts: 1) == .failed(wrong))
        guard case .failed(let status) = JobEnding(.ok, result: [0xFF], attempts: 1) else {
            Issue.record("a result that is none")
            return
        }
        #expect(status.code == .internal)
    }
}
