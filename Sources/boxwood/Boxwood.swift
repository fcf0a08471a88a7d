// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Foundation

/// The program. Each command is a file in `Commands/`; what is worth testing lives in `BoxwoodCommands`.
@main
struct Boxwood: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "boxwood",
        abstract: "Find things in pictures, by name, and say where they are.",
        discussion: """
            Ask a running service (`boxwood up`), or no service at all with --local. Results go to the \
            standard output, everything else to the standard error stream.

            EXIT CODES:
            \(ProgramExit.table)
            """,
        version: Program.version,
        groupedSubcommands: [
            CommandGroup(
                name: "Tasks:",
                subcommands: [
                    Caption.self, Detect.self, Ground.self, Align.self, Refer.self, Describe.self, Ask.self,
                    Generate.self, Batch.self,
                ]),
            CommandGroup(
                name: "Service:",
                subcommands: [
                    Up.self, BrokerCommand.self, WorkerCommand.self, GatewayCommand.self, Status.self, Top.self,
                    Workers.self, Drain.self,
                    Undrain.self, Quarantine.self, Jobs.self, Keys.self,
                ]),
            CommandGroup(name: "Models:", subcommands: [ModelCommand.self]),
            CommandGroup(name: "Looking inside:", subcommands: [Inspect.self, Bench.self]),
        ])

    /// Parses, runs, and turns whatever comes of it into an exit code.
    static func main() async {
        StandardStream.ignoreDeadlyWrites()
        do {
            try Program.checkArguments()
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            Program.exit(with: failure)
        } catch {
            exit(withError: error)
        }
    }
}
