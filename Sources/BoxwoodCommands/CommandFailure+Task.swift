// SPDX-License-Identifier: MIT
package import Inference

extension CommandFailure {
    /// The end of a task that this process tried itself.
    /// - Parameter picture: what the picture is called.
    package init(_ error: TaskError, picture: String) {
        let status: ProgramExit =
            switch error.code {
            case .invalidArgument, .failedPrecondition: .badInput
            case .cancelled, .resourceExhausted: .tryAgain
            case .deadlineExceeded: .deadline
            default: .internalError
            }
        let facts = error.violations.isEmpty ? [error.message] : Self.sentences(error.violations, picture: picture)
        self.init(status, facts.joined(separator: "\n"))
    }
}
