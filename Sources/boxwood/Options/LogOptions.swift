// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Logging

struct LogOptions: ParsableArguments {
    @Option(
        help: "trace, debug, info, notice, warning, error or critical. (default: info)", transform: Self.level)
    var logLevel = Logger.Level.info

    @Option(help: "text or json; one line for each event, on the standard error stream.")
    var logFormat: LogFormat = .text

    func logger(_ label: String) -> Logger {
        Logger(label: label) { LineLogHandler(label: $0, level: logLevel, format: logFormat) }
    }

    /// For a command that is no service: warnings alone.
    static func quiet(_ label: String) -> Logger {
        Logger(label: label) { LineLogHandler(label: $0, level: .warning, format: .text) }
    }

    private static func level(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            throw ValidationError("\"\(text)\" is no level of the log")
        }
        return level
    }

    /// The same options for a process that we start.
    var arguments: [String] { ["--log-level", logLevel.rawValue, "--log-format", logFormat.rawValue] }
}

extension LogFormat: ExpressibleByArgument {}
