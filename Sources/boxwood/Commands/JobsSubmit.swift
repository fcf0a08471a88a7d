// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Client
import Wire

struct JobsSubmit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Hand a task over; prints the job's id once it is on the service's disk.",
        subcommands: [
            Submit<Caption>.self, Submit<Detect>.self, Submit<Ground>.self, Submit<Align>.self, Submit<Refer>.self,
            Submit<Describe>.self, Submit<Ask>.self, Submit<Generate>.self,
        ])
}

/// A task with its own arguments, as a job.
struct Submit<Task: TaskCommand>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: Task._commandName, abstract: Task.configuration.abstract)
    }

    @OptionGroup var task: Task
    @OptionGroup(title: "Job options") var job: JobOptions

    func validate() throws {
        guard !task.options.service.local, task.options.output.draw == nil else {
            throw ValidationError("--local and --draw do not go with jobs")
        }
    }

    func run() async throws {
        let (request, picture, _) = try task.question()
        let submission = JobSubmission(
            request, image: picture, key: job.key, customID: job.customID, client: job.client,
            metadata: try job.pairs(), timeToLiveSeconds: job.ttl ?? WireLimits.defaultJobTimeToLiveSeconds)
        let timeout = task.options.service.timeout?.duration
        let calls = JobCalls(task.options.service.at, json: task.options.output.json)
        let taken = try await calls.ask { client async throws(RPCStatus) in
            try await client.submit(submission, timeout: timeout)
        }
        if task.options.output.json { calls.print(taken) } else { StandardStream.output.print([taken.id]) }
    }
}

struct JobOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Submitting again under the same key gives the same job.", valueName: "text"))
    var key = ""
    @Option(help: ArgumentHelp("A name of your own for it.", valueName: "text")) var customID = ""
    @Option(help: ArgumentHelp("Who submits.", valueName: "name")) var client = ""
    @Option(help: ArgumentHelp("Metadata; may be given many times.", valueName: "key=value")) var meta: [String] = []
    @Option(help: ArgumentHelp("Fail it unless it is done after so many seconds. (default: a day)", valueName: "s"))
    var ttl: UInt32?

    func pairs() throws(CommandFailure) -> [String: String] {
        var pairs: [String: String] = [:]
        for text in meta {
            guard let split = text.firstIndex(of: "=") else {
                throw CommandFailure(.usage, "--meta is \"\(text)\"; it takes key=value")
            }
            pairs[String(text[..<split])] = String(text[text.index(after: split)...])
        }
        return pairs
    }
}
