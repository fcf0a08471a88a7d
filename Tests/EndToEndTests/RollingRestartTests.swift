// SPDX-License-Identifier: MIT
import Client
import Foundation
import Grounding
import Synchronization
import Testing
import Wire

/// Two brokers that share nothing, workers that serve both, a client that knows both: each of them goes and comes back while
/// numbered calls are on their way.
@Suite(
    "Rolling restarts", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: BuiltProgram.exists, "the program is not built beside the tests"),
    .enabled(if: BuiltProgram.hasModel, "models/boxwood-nano is not here"))
struct RollingRestartTests {
    /// What became of every number.
    private final class Ledger: Sendable {
        struct State {
            var sent = 0
            var answers: [Int: Int] = [:]
            var wrong: [String] = []
            var lost: [String] = []
        }
        let state = Mutex(State())

        func next() -> Int {
            state.withLock { state in
                state.sent += 1
                return state.sent
            }
        }
        var answered: Int { state.withLock { $0.answers.count } }
    }

    /// Processes that are ended with the test, whatever comes of it.
    private final class Processes {
        var all: [RunningProgram] = []

        func start(_ arguments: [String]) throws -> RunningProgram {
            let program = try RunningProgram(arguments)
            all.append(program)
            return program
        }

        deinit {
            for program in all { program.signal(SIGKILL) }
        }
    }

    private let processes = Processes()

    private func broker(front: String = "tcp://127.0.0.1:*", back: String = "tcp://127.0.0.1:*") async throws
        -> RunningBroker
    {
        let broker = try await RunningBroker(front: front, back: back)
        processes.all.append(broker.program)
        return broker
    }

    private func worker(_ name: String, _ brokers: [RunningBroker]) throws -> RunningProgram {
        let backs = brokers.map(\.back).joined(separator: ",")
        return try processes.start(["worker", "--endpoint", backs, "--name", name, "--threads", "1", "--slots", "2"])
    }

    private func end(_ program: RunningProgram, _ signal: Int32) async throws {
        program.signal(signal)
        let isOver = try await eventually(within: .seconds(40)) { !program.isRunning }
        try #require(isOver, "\(program.errorsSoFar)")
    }

    /// Waits until a broker has so many workers.
    private func workers(_ count: Int, at broker: RunningBroker) async throws {
        let client = try broker.client()
        let isSo = try await eventually(within: .seconds(30)) {
            (try? await client.status().workers.count) == count
        }
        #expect(isSo, "\(broker.front) does not have \(count) workers")
    }

    private static func ask(_ client: BoxwoodClient, _ ledger: Ledger, _ picture: [UInt8]) async {
        let number = ledger.next()
        let label = "number \(number)"
        do throws(RPCStatus) {
            // A threshold of nothing gives every label a box: the answer shows whose it is.
            let result = try await client.detect(
                image: picture, labels: [label], options: GenerationOptions(threshold: 0), timeout: .seconds(60))
            ledger.state.withLock { state in
                state.answers[number, default: 0] += 1
                if result.entities.map(\.label) != [label] { state.wrong.append("\(number)") }
            }
        } catch {
            ledger.state.withLock { $0.lost.append("\(number): \(error)") }
        }
    }

    @Test("Brokers and workers go and come back one after the other, and no call is lost")
    func rolling() async throws {
        let picture = [UInt8](try Data(contentsOf: URL(fileURLWithPath: BuiltProgram.model + "/samples/scene-1.jpg")))
        var brokers = [try await broker(), try await broker()]
        var helpers = [try worker("w0", brokers), try worker("w1", brokers)]
        for broker in brokers { try await workers(2, at: broker) }
        let client = try BoxwoodClient(ClientConfiguration(endpoints: brokers.map(\.front)))
        let ledger = Ledger()
        let load = (0..<6).map { _ in
            Task { while !Task.isCancelled { await Self.ask(client, ledger, picture) } }
        }
        /// Lets some calls pass, so that each step happens in the middle of them.
        func traffic() async throws {
            let goal = ledger.answered + 20
            let flows = try await eventually { ledger.answered >= goal }
            #expect(flows, "no calls are answered")
        }
        for signal in [SIGTERM, SIGKILL] {
            for index in brokers.indices {
                try await traffic()
                try await end(brokers[index].program, signal)
                try await traffic()
                brokers[index] = try await broker(front: brokers[index].front, back: brokers[index].back)
                try await workers(2, at: brokers[index])
            }
            for index in helpers.indices {
                try await traffic()
                try await end(helpers[index], signal)
                try await traffic()
                helpers[index] = try worker("w\(index)", brokers)
                for broker in brokers { try await workers(2, at: broker) }
            }
        }
        try await traffic()
        // An answer more than one to a call would be one for a call that is over. Those that are cancelled now still get theirs.
        let strays = client.strayCount
        for task in load { task.cancel() }
        for task in load { await task.value }
        client.closeAndWait()
        let state = ledger.state.withLock { $0 }
        // The six that were under way when it was over are cancelled, not lost.
        let lost = state.lost.filter { !$0.contains("CANCELLED") }
        #expect(lost.isEmpty && state.lost.count <= 6, "\(lost)")
        #expect(state.answers.values.allSatisfy { $0 == 1 } && state.wrong.isEmpty, "\(state.wrong)")
        #expect(state.answers.count + state.lost.count == state.sent)
        print("rolling restart: \(state.answers.count) unique, \(strays) duplicate, \(lost.count) lost")
        #expect(strays == 0)
    }
}
