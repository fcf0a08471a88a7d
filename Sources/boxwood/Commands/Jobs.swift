// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Client
import Foundation
import Wire

struct Jobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Hand tasks over to be done later, and see what became of them.",
        discussion: "For a service with a journal: `boxwood up --journal FILE`. A job survives the end of any process.",
        subcommands: [
            JobsSubmit.self, JobsGet.self, JobsWait.self, JobsCancel.self, JobsList.self, JobsCheck.self,
            JobsExport.self,
        ])
}

struct JobsGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "Show a job, with its result.")

    @Argument(help: "What `jobs submit` printed.") var id: String
    @OptionGroup var address: AddressOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        try await JobCalls(address, json: json).show { client async throws(RPCStatus) in try await client.job(id) }
    }
}

struct JobsCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancel a job; nothing happens to one that is settled.")

    @Argument(help: "What `jobs submit` printed.") var id: String
    @OptionGroup var address: AddressOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        try await JobCalls(address, json: json).show { client async throws(RPCStatus) in try await client.cancelJob(id)
        }
    }
}

struct JobsWait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait until a job is settled, and show it.",
        discussion:
            "Ends with the code that the task itself would have ended with, and with 124 when the time is over first.")

    @Argument(help: "What `jobs submit` printed.") var id: String
    @Option(help: "Give up after this long, as in 30, 500ms or 2m. (default: 60)", transform: ServiceOptions.Time.init)
    var timeout: ServiceOptions.Time?
    @OptionGroup var address: AddressOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let calls = JobCalls(address, json: json)
        let end = ContinuousClock.now + (timeout?.duration ?? .seconds(60))
        let job = try await calls.ask { client async throws(RPCStatus) in
            var job = try await client.waitForJob(id, timeout: max(.milliseconds(1), end - .now))
            // A call of the protocol lasts an hour at most.
            while !job.isSettled, end - .now > .seconds(1) {
                job = try await client.waitForJob(id, timeout: end - .now)
            }
            return job
        }
        calls.print(job)
        guard job.isSettled else { throw CommandFailure(.deadline, "the job is not settled yet") }
        guard job.state != .succeeded else { return }
        throw CommandFailure(RPCStatus(job.status), endpoint: address.resolved)
    }
}

struct JobsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List jobs, oldest first.")

    @Option(
        name: .customLong("state"),
        help: ArgumentHelp(
            "queued, running, succeeded, failed, cancelled, quarantined; may be given many times.", valueName: "state"),
        transform: Self.state)
    var states: [ProtoDurableJob.State] = []
    @Option(help: ArgumentHelp("Submitted under this name of a client.", valueName: "name")) var client: String?
    @Option(help: ArgumentHelp("Submitted since, as 2026-01-31T12:00:00Z or an age as 2h.", valueName: "time"))
    var since: String?
    @Option(help: ArgumentHelp("Submitted before.", valueName: "time")) var before: String?
    @Option(help: ArgumentHelp("Whose custom id begins so.", valueName: "text")) var customIDPrefix = ""
    @Option(help: ArgumentHelp("At most so many.", valueName: "n")) var limit = 100
    @Option(help: ArgumentHelp("What an earlier list ended with.", valueName: "page")) var page = ""
    @OptionGroup var address: AddressOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let query = try query()
        let calls = JobCalls(address, json: json)
        let list = try await calls.ask { client async throws(RPCStatus) in try await client.jobs(query) }
        let screen = StandardStream.output
        guard !json else { return screen.write(JobJSON.text(list, indented: screen.isTerminal) + "\n") }
        screen.print(JobReport.table(list.jobs, width: screen.width))
        if !list.nextPage.isEmpty { StandardStream.error.print(["There are more: --page \(list.nextPage)"]) }
    }

    private func query() throws(CommandFailure) -> ProtoListJobsRequest {
        guard (1...WireLimits.jobPage).contains(limit) else {
            throw CommandFailure(.usage, "--limit is 1 to \(WireLimits.jobPage)")
        }
        var query = ProtoListJobsRequest()
        query.states = states
        if let client { query.client = client }
        let now = Date().timeIntervalSince1970 * 1000
        if let since { query.submittedFromMs = try JobReport.instant(since, now: now) }
        if let before { query.submittedBeforeMs = try JobReport.instant(before, now: now) }
        query.customIDPrefix = customIDPrefix
        query.pageSize = UInt32(limit)
        query.page = page
        return query
    }

    private static func state(_ text: String) throws -> ProtoDurableJob.State {
        guard let state = ProtoDurableJob.State(name: text) else { throw ValidationError("\"\(text)\" is no state") }
        return state
    }
}

/// Calls about jobs, and how their answers are shown.
struct JobCalls {
    private let address: String
    private let keys: KeyOptions
    private let json: Bool

    init(_ address: AddressOptions, json: Bool) {
        self.address = address.resolved
        keys = address.keys
        self.json = json
    }

    func ask<Answer: Sendable>(
        _ question: (BoxwoodClient) async throws(RPCStatus) -> Answer
    ) async throws(CommandFailure) -> Answer {
        let client = try BoxwoodClient.connect(address, keys)
        defer { client.close() }
        do throws(RPCStatus) {
            return try await question(client)
        } catch {
            throw CommandFailure(error, endpoint: address)
        }
    }

    func show(_ question: (BoxwoodClient) async throws(RPCStatus) -> ProtoDurableJob) async throws(CommandFailure) {
        print(try await ask(question))
    }

    func print(_ job: ProtoDurableJob) {
        let screen = StandardStream.output
        if json {
            screen.write((screen.isTerminal ? JobJSON.pretty(job) : JobJSON.compact(job)) + "\n")
        } else {
            screen.print(JobReport.lines(job))
        }
    }
}
