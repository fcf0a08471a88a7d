// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Broker
import Journal
import Logging

/// Where a broker keeps durable jobs, if it does.
struct JournalOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Keep durable jobs in this file; it is made if it is not there.", valueName: "file"))
    var journal: String?

    @Option(
        help: ArgumentHelp(
            "Keep settled jobs for so many hours. (default: \(Int(JournalConfiguration.standardKeptSeconds / 3600)))",
            valueName: "hours"))
    var keepHours: Double?

    @Option(
        help: ArgumentHelp(
            "Keep at most so many megabytes of settled jobs, the youngest. (default: \(JournalConfiguration.standardKeptBytes >> 20))",
            valueName: "n"))
    var keepMb: Int?

    @Option(
        help: ArgumentHelp(
            "Let the file grow to at most so many megabytes. (default: \(JournalConfiguration.standardMaxBytes >> 20))",
            valueName: "n"))
    var journalMb: Int?

    @Option(
        help: ArgumentHelp(
            "Take no job that leaves less than so many megabytes free on the disk. (default: \(JournalConfiguration.standardReservedDiskBytes >> 20))",
            valueName: "n"))
    var reserveMb: Int?

    func validate() throws {
        let isAlone = keepHours != nil || keepMb != nil || journalMb != nil || reserveMb != nil
        guard journal != nil || !isAlone else {
            throw ValidationError("--keep-hours, --keep-mb, --journal-mb and --reserve-mb go with --journal")
        }
        guard journal?.isEmpty != true else { throw ValidationError("--journal names no file") }
        if let keepHours, !(keepHours > 0 && keepHours <= 87_600) {
            throw ValidationError("--keep-hours is more than 0, and at most 87600")
        }
        for (name, number) in [("--keep-mb", keepMb), ("--journal-mb", journalMb), ("--reserve-mb", reserveMb)] {
            guard let number else { continue }
            guard (0...1_000_000_000).contains(number) else { throw ValidationError("\(name) is 0 to 1000000000") }
        }
    }

    var configuration: JournalConfiguration? {
        journal.map { path in
            var configuration = JournalConfiguration(path: path)
            if let keepHours { configuration.keptSeconds = keepHours * 3600 }
            if let keepMb { configuration.keptBytes = keepMb << 20 }
            if let journalMb { configuration.maxBytes = journalMb << 20 }
            if let reserveMb { configuration.reservedDiskBytes = reserveMb << 20 }
            return configuration
        }
    }

    /// Opens the journal, where there is to be one.
    func open(_ logger: Logger) throws(CommandFailure) -> JournalKeeper? {
        guard let configuration else { return nil }
        do {
            return try JournalKeeper(configuration, logger: logger)
        } catch {
            throw CommandFailure(error)
        }
    }

    /// The same options for the broker's command line.
    var arguments: [String] {
        let numbers = [("--keep-mb", keepMb), ("--journal-mb", journalMb), ("--reserve-mb", reserveMb)]
        return (journal.map { ["--journal", $0] } ?? []) + (keepHours.map { ["--keep-hours", String($0)] } ?? [])
            + numbers.flatMap { name, number in number.map { [name, String($0)] } ?? [] }
    }
}

extension CommandFailure {
    /// A journal that cannot be used. The person at this machine may know the file's name.
    init(_ error: JournalError) {
        switch error.code {
        case .locked:
            self.init(.unavailable, error.message, hint: "Stop the broker that has it, or name another file.")
        case .damaged:
            self.init(
                .badInput, error.message,
                hint: """
                    See `boxwood jobs check FILE`. `boxwood jobs export FILE` writes what can be read; to begin anew, move \
                    the file and those beside it away.
                    """)
        case .foreign: self.init(.badInput, error.message)
        case .cannotOpen: self.init(.noInput, error.message)
        case .full: self.init(.tryAgain, error.message)
        default: self.init(.inputOutput, error.message)
        }
    }
}
