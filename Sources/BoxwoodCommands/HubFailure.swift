// SPDX-License-Identifier: MIT
package import ModelHub

extension CommandFailure {
    /// What went wrong with a model by name.
    package init(_ error: HubError) {
        self.init(ProgramExit(error.code), error.message, hint: error.hint)
    }
}

extension ProgramExit {
    package init(_ code: HubError.Code) {
        self =
            switch code {
            case .name, .settings: .usage
            case .offline, .unreachable: .unavailable
            case .busy, .inUse: .tryAgain
            case .unauthorized, .gated: .notPermitted
            case .diskSpace, .inputOutput: .inputOutput
            case .cancelled: .interrupted
            default: .badInput
            }
    }
}
