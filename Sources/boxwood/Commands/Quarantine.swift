// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Client
import Foundation
import Grounding
import Wire

struct Quarantine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at the requests that cost a service its workers.",
        subcommands: [List.self, Show.self, Retry.self, Drop.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List them, the oldest first.")

        @OptionGroup var address: AddressOptions
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let list = try await address.ask { client throws(RPCStatus) in try await client.quarantine() }
            let screen = StandardStream.output
            if json {
                screen.write(String(decoding: WireEncoding.json.encode(list), as: UTF8.self) + "\n")
            } else {
                screen.print(QuarantineReport.lines(list, width: screen.width))
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what one asked for.", discussion: "The body of the request is printed as JSON.")

        @Argument(help: "Its id, as the list has it.") var id: String
        @OptionGroup var address: AddressOptions
        @Option(help: ArgumentHelp("Write its picture there.", valueName: "file")) var savePicture: String?
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let entry = try await address.ask { client throws(RPCStatus) in
                try await client.quarantined(id, image: savePicture != nil)
            }
            if let savePicture { try save(entry.image, to: savePicture) }
            let screen = StandardStream.output
            if json {
                var withoutImage = entry
                withoutImage.image = Data()
                screen.write(String(decoding: WireEncoding.json.encode(withoutImage), as: UTF8.self) + "\n")
            } else {
                screen.print(QuarantineReport.lines(entry))
            }
        }

        private func save(_ picture: Data, to path: String) throws {
            do {
                try picture.write(to: URL(filePath: path), options: .withoutOverwriting)
            } catch {
                throw CommandFailure(.inputOutput, "\(path) cannot be written, or is there already")
            }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Do one once more, and print its result as JSON.",
            discussion: "With a result it leaves quarantine. It may cost workers again.")

        @Argument(help: "Its id, as the list has it.") var id: String
        @OptionGroup var address: AddressOptions
        @Option(
            help: "Give up after this long, as in 30, 500ms or 2m. (default: 60)", transform: ServiceOptions.Time.init)
        var timeout: ServiceOptions.Time?

        func run() async throws {
            let result = try await address.ask { client throws(RPCStatus) in
                try await client.retryQuarantined(id, timeout: timeout?.duration)
            }
            let screen = StandardStream.output
            screen.write((screen.isTerminal ? ResultJSON.pretty(result) : ResultJSON.compact(result)) + "\n")
        }
    }

    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forget one, or with --all everything.")

        @Argument(help: "Its id, as the list has it.") var id: String?
        @OptionGroup var address: AddressOptions
        @Flag(help: "Everything.") var all = false

        func validate() throws {
            guard (id == nil) == all else { throw ValidationError("Name one, or give --all.") }
        }

        func run() async throws {
            let count = try await address.ask { client throws(RPCStatus) in
                try await client.dropQuarantined(id)
            }
            StandardStream.output.print(["\(count) dropped"])
        }
    }
}
