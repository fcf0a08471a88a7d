// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Foundation
import Messaging
import Wire

struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make and look at the keys of a service that others can reach.",
        discussion: """
            A folder of keys holds the broker's (broker.key), those of its clients, workers and admins \
            (client/NAME.key and so on, each to be handed to its owner), and whom brokers let in \
            (authorized/client/NAME.pub). Brokers see at once when a file there comes or goes.
            """,
        subcommands: [New.self, List.self, Show.self, Revoke.self])

    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key: broker, client NAME, worker NAME or admin NAME.")

        @Argument(help: "broker, client, worker or admin.") var role: String
        @Argument(help: "What the key's owner is called; not for the broker.") var name: String?
        @OptionGroup var folder: KeyFolderOptions

        func validate() throws {
            guard role != "broker" || name == nil else { throw ValidationError("the broker's key has no name") }
            guard role == "broker" || PeerRole(rawValue: role) != nil else {
                throw ValidationError("a key is for the broker, a client, a worker or an admin")
            }
            guard role == "broker" || name != nil else { throw ValidationError("name the owner of the key") }
        }

        func run() async throws {
            let folder = folder.resolved
            try KeyFailure.translating { () throws(MessagingError) in
                if let role = PeerRole(rawValue: role), let name {
                    let credential = try folder.make(role, name)
                    StandardStream.output.print([
                        "secret \(folder.secretPath(role, name))", "public \(credential.pair.publicKey)",
                    ])
                } else {
                    let pair = try folder.makeBroker()
                    StandardStream.output.print(["secret \(folder.brokerSecretPath)", "public \(pair.publicKey)"])
                }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the keys of a folder.")

        @OptionGroup var folder: KeyFolderOptions

        func run() async throws {
            let screen = StandardStream.output
            let lines = KeyListing.lines(folder.resolved, width: screen.width)
            screen.print(lines)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the public part of a key: broker, or a role and a name.")

        @Argument(help: "broker, client, worker or admin.") var role: String
        @Argument(help: "The key's name; not for the broker.") var name: String?
        @OptionGroup var folder: KeyFolderOptions

        func run() async throws {
            let folder = folder.resolved
            guard let role = PeerRole(rawValue: role), let name else {
                guard role == "broker", name == nil else { throw ValidationError("name broker, or a role and a name") }
                let key = try KeyFailure.translating { () throws(MessagingError) in try folder.brokerPublicKey() }
                StandardStream.output.print([key.text])
                return
            }
            guard KeyName.isValid(name) else { throw ValidationError("\"\(name)\" is no name of a key") }
            let key = try KeyFailure.translating { () throws(MessagingError) in try folder.authorized(role, name) }
            StandardStream.output.print([key.text])
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a key in no more; brokers end its connections.",
            discussion: "Removes authorized/ROLE/NAME.pub. The secret stays where it is, and is worth nothing.")

        @Argument(help: "client, worker or admin.") var role: String
        @Argument(help: "The key's name.") var name: String
        @OptionGroup var folder: KeyFolderOptions

        func run() async throws {
            guard let role = PeerRole(rawValue: role), KeyName.isValid(name) else {
                throw ValidationError("name a role and a key")
            }
            let folder = folder.resolved
            try KeyFailure.translating { () throws(MessagingError) in try folder.revoke(role, name) }
        }
    }
}

/// Which folder of keys is meant.
struct KeyFolderOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of keys; else BOXWOOD_KEYS, else boxwood/keys in the user's folder of settings.",
            valueName: "folder"))
    var keys: String?

    var resolved: KeyFolder {
        let environment = Program.environment
        if let keys = keys ?? environment["BOXWOOD_KEYS"], !keys.isEmpty { return KeyFolder(keys) }
        if let settings = environment["XDG_CONFIG_HOME"], !settings.isEmpty {
            return KeyFolder(settings + "/boxwood/keys")
        }
        return KeyFolder(FileManager.default.homeDirectoryForCurrentUser.path + "/.config/boxwood/keys")
    }
}

enum KeyFailure {
    static func translating<Result>(_ body: () throws(MessagingError) -> Result) throws(CommandFailure) -> Result {
        do {
            return try body()
        } catch {
            throw CommandFailure(key: error)
        }
    }
}

/// What a folder of keys holds, as a table.
enum KeyListing {
    static func lines(_ folder: KeyFolder, width: Int?) -> [String] {
        var table = TextTable([
            .init("ROLE"), .init("NAME", isFlexible: true), .init("PUBLIC KEY"), .init("SECRET"), .init("LET IN"),
        ])
        let broker = Result { () throws(MessagingError) in try folder.brokerPublicKey() }
        let hasSecret = FileManager.default.fileExists(atPath: folder.brokerSecretPath)
        if case .success(let key) = broker {
            table.append(["broker", "", key.text, hasSecret ? "here" : "not here", ""])
        }
        for role in PeerRole.allCases {
            let (open, secret) = (folder.authorizedNames(role), folder.secretNames(role))
            for name in Set(open + secret).sorted() {
                let key = Result { () throws(MessagingError) in try folder.authorized(role, name) }
                let state =
                    switch key {
                    case .success: "yes"
                    case .failure: open.contains(name) ? "unusable" : "no"
                    }
                table.append([
                    role.rawValue, name, (try? key.get().text) ?? "", secret.contains(name) ? "here" : "not here",
                    state,
                ])
            }
        }
        return table.lines(width: width)
    }
}
