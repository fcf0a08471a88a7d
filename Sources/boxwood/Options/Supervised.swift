// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands

/// For a process that `boxwood up` started.
struct Supervised: ParsableArguments {
    @Flag(help: ArgumentHelp("End when the standard input does.", visibility: .hidden))
    var supervised = false

    func hold() {
        if supervised { Lifeline.hold() }
    }
}
