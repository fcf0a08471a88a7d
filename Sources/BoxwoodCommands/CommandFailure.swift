// SPDX-License-Identifier: MIT
package import Grounding
package import Wire

/// Why a command could not do its work: a sentence for the person who typed it, and how the program ends.
package struct CommandFailure: Error, Hashable, CustomStringConvertible {
    package let status: ProgramExit
    package let message: String
    /// What to do about it; `nil` where the message says it all.
    package let hint: String?

    package init(_ status: ProgramExit, _ message: String, hint: String? = nil) {
        self.status = status
        self.message = message
        self.hint = hint
    }

    /// What goes to the standard error stream, without control characters.
    package var description: String {
        ([TerminalText.block("boxwood: \(message)")] + (hint.map { [TerminalText.block($0)] } ?? []))
            .joined(separator: "\n")
    }
}

extension CommandFailure {
    /// The end of a call that was not OK.
    /// - Parameters:
    ///   - endpoint: where the service was looked for.
    ///   - picture: what the picture is called; empty for a call without one.
    package init(_ status: RPCStatus, endpoint: String, picture: String = "") {
        guard status.code != .unavailable else {
            self = Self.unavailable(status, endpoint: endpoint)
            return
        }
        let facts = status.violations.isEmpty ? [status.message] : Self.sentences(status.violations, picture: picture)
        let delay = status.retryDelayMilliseconds.map { "Try again in \(Self.seconds($0))." }
        self.init(ProgramExit(status), facts.joined(separator: "\n"), hint: delay)
    }

    /// What validation found, without a service.
    package init(_ violations: [FieldViolation]) {
        self.init(.badInput, Self.sentences(violations, picture: "").joined(separator: "\n"))
    }

    private static func unavailable(_ status: RPCStatus, endpoint: String) -> CommandFailure {
        if status.reason == .draining { return CommandFailure(.unavailable, status.message, hint: "Try again later.") }
        if status.reason == .noWorker {
            return CommandFailure(
                .unavailable, status.message, hint: "See `boxwood status`; workers join with `boxwood worker`.")
        }
        return CommandFailure(
            .unavailable, "no service answers at \(endpoint)",
            hint: """
                Start one with `boxwood up`, name another with --endpoint or BOXWOOD_ENDPOINT, or add --local to \
                do without.
                """)
    }

    /// One for each field. A picture has a name of its own, which says more than that of the field.
    static func sentences(_ violations: [FieldViolation], picture: String) -> [String] {
        violations.map {
            $0.field == "image" && !picture.isEmpty ? "\(picture): \($0.description)" : "\($0.field) \($0.description)"
        }
    }

    private static func seconds(_ milliseconds: UInt32) -> String {
        milliseconds < 1000 ? "\(milliseconds) ms" : "\((milliseconds + 999) / 1000) s"
    }
}
