// SPDX-License-Identifier: MIT
package import Wire

/// How the program ends: sysexits(3) where one fits, and timeout(1)'s number for a deadline.
///
/// `docs/cli.md` has the same table; nothing else is ever used on purpose.
package enum ProgramExit: Int32, Sendable, Hashable, CaseIterable {
    case ok = 0
    /// Some pictures of many have errors, which are written beside the results of the others.
    case someFailed = 3
    /// EX_USAGE: the command line itself is wrong; also what the argument parser uses.
    case usage = 64
    /// EX_DATAERR: a picture that cannot be read, or an argument that the service refused.
    case badInput = 65
    /// EX_NOINPUT: a file that is not there or cannot be opened.
    case noInput = 66
    /// EX_UNAVAILABLE: no service, or no worker in it.
    case unavailable = 69
    /// EX_SOFTWARE: something inside Boxwood is wrong.
    case internalError = 70
    /// EX_IOERR: writing or reading failed half-way.
    case inputOutput = 74
    /// EX_TEMPFAIL: the service is full; try again later.
    case tryAgain = 75
    /// EX_NOPERM: the service does not let this caller in.
    case notPermitted = 77
    /// The time ran out.
    case deadline = 124
    /// A signal ended a task, or a second one cut the draining of a service short.
    case interrupted = 130

    /// The status for the end of a call.
    package init(_ status: RPCStatus) {
        self =
            switch status.code {
            case .ok: .ok
            case .invalidArgument, .outOfRange, .failedPrecondition, .notFound, .alreadyExists: .badInput
            case .resourceExhausted: status.reason == .tooLarge ? .badInput : .tryAgain
            case .cancelled, .aborted: .tryAgain
            case .deadlineExceeded: .deadline
            case .unavailable: .unavailable
            case .permissionDenied, .unauthenticated: .notPermitted
            case .unknown, .unimplemented, .internal, .dataLoss: .internalError
            }
    }

    /// What it means, for `--help` and the manual.
    package var meaning: String {
        switch self {
        case .ok: "done; also when nothing was found in the picture"
        case .someFailed: "some pictures of a `batch` have errors; the others have results"
        case .usage: "the command line is wrong"
        case .badInput: "a bad picture, model folder or argument"
        case .noInput: "an input file is missing or cannot be opened"
        case .unavailable: "no service is running, it has no worker, or its address is taken; no hub answers"
        case .internalError: "something inside Boxwood is wrong"
        case .inputOutput: "reading or writing failed"
        case .tryAgain: "the service or the hub is busy; try again later"
        case .notPermitted: "the service or the hub does not admit this caller"
        case .deadline: "the time ran out"
        case .interrupted: "stopped by a signal; a service only by a second one"
        }
    }

    /// All of them, one line each, for `--help`.
    package static var table: String {
        allCases.map { status in
            let number = String(status.rawValue)
            return String(repeating: " ", count: 5 - number.count) + number + "  " + status.meaning
        }.joined(separator: "\n")
    }
}
