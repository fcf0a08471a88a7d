// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Foundation
import Grounding
import Testing
import Wire

@Suite("Exit codes")
struct ProgramExitTests {
    @Test("Every status of a call has one", arguments: StatusCode.allCases)
    func everyCode(_ code: StatusCode) {
        let expected: [StatusCode: ProgramExit] = [
            .ok: .ok, .invalidArgument: .badInput, .outOfRange: .badInput, .failedPrecondition: .badInput,
            .notFound: .badInput, .alreadyExists: .badInput, .resourceExhausted: .tryAgain, .cancelled: .tryAgain,
            .aborted: .tryAgain, .deadlineExceeded: .deadline, .unavailable: .unavailable,
            .permissionDenied: .notPermitted, .unauthenticated: .notPermitted, .unknown: .internalError,
            .unimplemented: .internalError, .internal: .internalError, .dataLoss: .internalError,
        ]
        #expect(ProgramExit(RPCStatus(code)) == expected[code])
    }

    @Test("What is too large is not worth another try")
    func tooLarge() {
        #expect(ProgramExit(RPCStatus(.resourceExhausted, reason: .tooLarge)) == .badInput)
        #expect(ProgramExit(RPCStatus(.resourceExhausted, reason: .queueFull)) == .tryAgain)
    }

    @Test("The numbers are those of the manual")
    func numbers() {
        #expect(ProgramExit.allCases.map(\.rawValue) == [0, 3, 64, 65, 66, 69, 70, 74, 75, 77, 124, 130])
        #expect(ProgramExit.table.split(separator: "\n").count == ProgramExit.allCases.count)
    }

    @Test("The manual has every one of them, with its meaning")
    func manual() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/cli.md")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        for status in ProgramExit.allCases {
            #expect(lines.contains { $0.hasPrefix("| \(status.rawValue) | \(status.meaning)") })
        }
    }

    @Test("No service: what to do about it")
    func noService() {
        let failure = CommandFailure(RPCStatus(.unavailable, "x", reason: .noBroker), endpoint: "tcp://127.0.0.1:1")
        #expect(failure.status == .unavailable)
        #expect(failure.description.contains("tcp://127.0.0.1:1"))
        #expect(failure.description.contains("boxwood up"))
    }

    @Test("A full service says when to come back")
    func full() {
        let status = RPCStatus(
            .resourceExhausted, "the queue is full", retryDelayMilliseconds: 1500, reason: .queueFull)
        let failure = CommandFailure(status, endpoint: "e")
        #expect(failure.status == .tryAgain)
        #expect(failure.description == "boxwood: the queue is full\nTry again in 2 s.")
    }

    @Test("A refused picture goes by its name, another field by its own, and neither reaches the terminal raw")
    func violations() {
        let status = RPCStatus.invalid([
            FieldViolation("image", "is no picture"), FieldViolation("labels[0]", "is \u{1B}[31mempty"),
        ])
        let failure = CommandFailure(status, endpoint: "e", picture: "cat.jpg")
        #expect(failure.status == .badInput)
        #expect(failure.description == "boxwood: cat.jpg: is no picture\nlabels[0] is [31mempty")
    }
}
