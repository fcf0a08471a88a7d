// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Client
import Foundation
import Wire

struct Top: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch a service's workers, queue and rates.",
        discussion: """
            Fills the terminal and is drawn anew at an interval; Ctrl-C ends it with 0 and leaves the terminal as it was. \
            Where the output is no terminal it is printed again and again. Rates are means over an interval.
            """)

    @Option(help: "Between two looks, as in 2, 500ms or 1m; 100ms at least. (default: 2)", transform: Self.interval)
    var interval: Duration = .seconds(2)
    @Flag(help: "Print one screenful, after one interval, and end.") var once = false
    @OptionGroup var address: AddressOptions

    /// Oftener would be a load.
    static let shortest = Duration.milliseconds(100)

    private static func interval(_ text: String) throws -> Duration {
        guard let duration = DurationText.parse(text), duration >= shortest else {
            throw ValidationError("\"\(text)\" is no time of 100ms at least, as in 2, 500ms or 1m")
        }
        return duration
    }

    func run() async throws {
        let client = try BoxwoodClient.connect(address.resolved, address.keys)
        defer { client.close() }
        let first: ProtoAdminStatusResponse
        do throws(RPCStatus) {
            first = try await client.status()
        } catch {
            throw CommandFailure(error, endpoint: address.resolved)
        }
        if once {
            try await printOnce(client, first)
        } else if StandardStream.output.isTerminal, Program.environment["TERM"] != "dumb" {
            try await fill(client, first)
        } else {
            Signals.handle { Foundation.exit(ProgramExit.ok.rawValue) }
            try await watch(client, first) { lines in
                StandardStream.output.print([Date.now.ISO8601Format()] + lines() + [""])
            }
        }
    }

    private func printOnce(_ client: BoxwoodClient, _ first: ProtoAdminStatusResponse) async throws {
        try await Task.sleep(for: interval)
        do throws(RPCStatus) {
            let top = ServiceTop(try await client.status(), before: first)
            StandardStream.output.print(
                top.lines(endpoint: address.resolved, width: StandardStream.output.width, height: nil))
        } catch {
            throw CommandFailure(error, endpoint: address.resolved)
        }
    }

    private func fill(_ client: BoxwoodClient, _ first: ProtoAdminStatusResponse) async throws {
        let screen = LiveScreen { StandardStream.output.write($0) }
        Signals.handle {
            screen.leave()
            Foundation.exit(ProgramExit.ok.rawValue)
        }
        // Whoever is stopped gives the terminal back, and takes it again when he goes on.
        Signals.handle([SIGTSTP]) {
            screen.leave()
            kill(getpid(), SIGSTOP)
            screen.enter()
        }
        screen.enter()
        defer { screen.leave() }
        try await watch(client, first) { screen.draw($0()) }
    }

    /// Until it is ended by a signal. A broker that does not answer is asked again.
    private func watch(
        _ client: BoxwoodClient, _ first: ProtoAdminStatusResponse, _ show: (() -> [String]) -> Void
    ) async throws {
        var (before, latest) = (nil as ProtoAdminStatusResponse?, first)
        var failure: RPCStatus?
        while true {
            show { lines(ServiceTop(latest, before: before), failure) }
            try await Task.sleep(for: interval)
            do throws(RPCStatus) {
                let status = try await client.status()
                (before, latest, failure) = (latest, status, nil)
            } catch {
                failure = error
            }
        }
    }

    private func lines(_ top: ServiceTop, _ failure: RPCStatus?) -> [String] {
        // The last line stays empty: a line feed there would move all of them.
        let (width, height) = (StandardStream.output.width, StandardStream.output.height.map { $0 - 1 })
        guard let failure else { return top.lines(endpoint: address.resolved, width: width, height: height) }
        let note = TerminalText.line("no answer, and this is old: \(failure)")
        return [width.map { TerminalText.truncated(note, to: $0) } ?? note]
            + top.lines(endpoint: address.resolved, width: width, height: height.map { $0 - 1 })
    }
}
