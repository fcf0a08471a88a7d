// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Messaging

/// The key that a client or a worker speaks with.
struct KeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The file of your key, as `boxwood keys new` writes it; else BOXWOOD_KEY, else none.", valueName: "file"))
    var key: String?

    @Flag(help: "Speak to another machine without a key, for everybody on the way to read and change.")
    var plaintext = false

    func credential() throws(CommandFailure) -> Credential? {
        let environment = Program.environment["BOXWOOD_KEY"] ?? ""
        guard let path = key ?? (environment.isEmpty ? nil : environment) else { return nil }
        do {
            return try Credential(file: path)
        } catch {
            throw CommandFailure(key: error)
        }
    }
}

/// The keys that a broker has and lets in.
struct BrokerKeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of the pool's keys; every connection then needs one. Else BOXWOOD_KEYS, else no keys, and only "
                + "addresses of this machine.", valueName: "folder"))
    var keys: String?

    var folder: KeyFolder? {
        let environment = Program.environment["BOXWOOD_KEYS"] ?? ""
        return (keys ?? (environment.isEmpty ? nil : environment)).map { KeyFolder($0) }
    }
}

extension CommandFailure {
    /// What is wrong with a file of keys.
    init(key error: MessagingError) {
        self.init(error.code == .key ? .badInput : .usage, error.message)
    }
}
