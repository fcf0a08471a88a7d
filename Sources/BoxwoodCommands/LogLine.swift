// SPDX-License-Identifier: MIT
import Foundation
import Glibc
package import Logging

/// How a line of the log is written.
package enum LogFormat: String, Sendable, CaseIterable {
    case text, json
}

/// One event of the log as one line, whatever is in it.
package struct LogLine: Sendable {
    package var time: String
    package var level: Logger.Level
    package var label: String
    package var message: String
    /// In the order of the keys.
    package var metadata: [(key: String, value: String)]

    package init(
        time: String, level: Logger.Level, label: String, message: String, metadata: [(key: String, value: String)]
    ) {
        self.time = time
        self.level = level
        self.label = label
        self.message = message
        self.metadata = metadata
    }

    package func text(_ format: LogFormat) -> String {
        switch format {
        case .text:
            let facts = metadata.map { " \($0.key)=\(Self.quoted(TerminalText.line($0.value)))" }.joined()
            return "\(time) \(level.rawValue) \(label): \(TerminalText.line(message))\(facts)"
        case .json:
            let head = [("time", time), ("level", level.rawValue), ("logger", label), ("message", message)]
            let members = (head + metadata.map { ($0.key, $0.value) }).map { "\(Self.json($0)):\(Self.json($1))" }
            return "{\(members.joined(separator: ","))}"
        }
    }

    private static func quoted(_ value: String) -> String {
        value.isEmpty || value.contains(where: { $0.isWhitespace || $0 == "\"" || $0 == "=" }) ? json(value) : value
    }

    /// A JSON string, its quotes included; ASCII control characters escaped.
    private static func json(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default:
                if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}

/// A log on the standard error stream.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let format: LogFormat

    package init(label: String, level: Logger.Level, format: LogFormat) {
        self.label = label
        logLevel = level
        self.format = format
    }

    package subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let line = LogLine(
            time: Date.now.formatted(
                .iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .omitted)),
            level: event.level, label: label, message: event.message.description,
            metadata: all.map { ($0.key, $0.value.description) }.sorted { $0.0 < $1.0 })
        StandardStream.error.write(line.text(format) + "\n")
    }
}
