// SPDX-License-Identifier: MIT
import ArgumentParser
import Worker

/// How many jobs a worker does side by side.
struct SlotOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Jobs a worker does side by side; it holds one more.", valueName: "n"))
    var slots = WorkerConfiguration.defaultSlots

    func validate() throws {
        guard (1...64).contains(slots) else { throw ValidationError("--slots is 1 to 64") }
    }

    /// The same option for a worker's command line.
    var arguments: [String] { ["--slots", String(slots)] }
}
