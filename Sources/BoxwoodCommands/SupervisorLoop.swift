// SPDX-License-Identifier: MIT
import Foundation
import Glibc
package import Logging

/// Carries out what ``Supervisor`` decides: starts processes, reads what they say, waits for them, signals them.
///
/// The thread that calls ``run()`` owns the processes; one thread for each reads its output and waits for its end.
package final class SupervisorLoop: Sendable {
    /// How the processes are started.
    package struct Plan: Sendable {
        package var program: String
        package var workers: Int
        /// Where the broker shall listen.
        package var addresses: Announcement
        package var broker: @Sendable (Announcement) -> [String]
        package var worker: @Sendable (Int, Announcement) -> [String]
        /// `nil` where none is wanted.
        package var gateway: (@Sendable (Announcement) -> [String])?

        package init(
            program: String, workers: Int, addresses: Announcement,
            broker: @escaping @Sendable (Announcement) -> [String],
            worker: @escaping @Sendable (Int, Announcement) -> [String],
            gateway: (@Sendable (Announcement) -> [String])? = nil
        ) {
            self.program = program
            self.workers = workers
            self.addresses = addresses
            self.broker = broker
            self.worker = worker
            self.gateway = gateway
        }
    }

    private enum Event: Sendable {
        case brokerListens(Announcement)
        case gatewayListens(String)
        case ended(Supervisor.Role, Supervisor.End)
        case stop
    }

    private let plan: Plan
    private let logger: Logger
    private let onListening: @Sendable (Announcement) -> Void
    private let onGateway: @Sendable (String) -> Void
    private let events = EventQueue<Event>()

    /// - Parameters:
    ///   - onListening: called once, from the thread of ``run()``, when the broker listens.
    ///   - onGateway: called there with what the gateway says of itself, each time that it listens.
    package init(
        _ plan: Plan, logger: Logger, onGateway: @escaping @Sendable (String) -> Void = { _ in },
        onListening: @escaping @Sendable (Announcement) -> Void
    ) {
        self.plan = plan
        self.logger = logger
        self.onGateway = onGateway
        self.onListening = onListening
    }

    /// The first time asks everything to drain, the second time ends it. From any thread.
    package func stop() {
        events.post(.stop)
    }

    /// Blocks until everything that was started has ended.
    package func run() -> ProgramExit {
        var supervisor = Supervisor(workers: plan.workers, hasGateway: plan.gateway != nil)
        var processes: [Supervisor.Role: ChildProcess] = [:]
        var addresses = plan.addresses
        var actions = supervisor.begin(at: .now)
        while true {
            for action in actions {
                if case .finish(let status) = action { return status }
                perform(action, &processes, addresses)
            }
            switch events.next(until: supervisor.nextDeadline) {
            case .brokerListens(let found):
                // A broker that comes back listens where its clients and workers expect it.
                let isFirst = addresses == plan.addresses
                addresses = found
                actions = supervisor.brokerListens(at: .now)
                if isFirst, !actions.isEmpty { onListening(found) }
            case .gatewayListens(let line):
                onGateway(line)
                actions = []
            case .ended(let role, let end):
                processes[role] = nil
                actions = supervisor.ended(role, end, at: .now, random: .random(in: 0..<1))
            case .stop:
                logger.info("stopping")
                actions = supervisor.stopRequested(at: .now)
            case nil:
                actions = supervisor.timePassed(at: .now)
            }
        }
    }

    private func perform(
        _ action: Supervisor.Action, _ processes: inout [Supervisor.Role: ChildProcess], _ addresses: Announcement
    ) {
        switch action {
        case .start(let role): processes[role] = start(role, addresses)
        case .terminate(let role): processes[role]?.send(SIGTERM)
        case .kill(let role): processes[role]?.send(SIGKILL)
        case .reportRestart(let role, let end, let wait):
            logger.warning(
                "process ended, starts again",
                metadata: ["process": "\(role)", "end": "\(end)", "wait": "\(Self.text(wait))"])
        case .finish: break
        }
    }

    private func start(_ role: Supervisor.Role, _ addresses: Announcement) -> ChildProcess? {
        let arguments =
            switch role {
            case .broker: plan.broker(addresses)
            case .worker(let number): plan.worker(number, addresses)
            case .gateway: plan.gateway!(addresses)
            }
        do {
            let process = try ChildProcess(program: plan.program, arguments: arguments)
            logger.info("process started", metadata: ["process": "\(role)", "pid": "\(process.pid)"])
            follow(process, role)
            return process
        } catch {
            events.post(.ended(role, .notStarted(error.description)))
            return nil
        }
    }

    private func follow(_ process: ChildProcess, _ role: Supervisor.Role) {
        Thread.detachNewThread { [events] in
            var lines: [String] = []
            var isAnnounced = false
            for line in LineReader(descriptor: process.output) where !isAnnounced {
                if role == .gateway { events.post(.gatewayListens(line)) }
                lines.append(line)
                guard role == .broker, let found = Announcement(lines: lines) else { continue }
                isAnnounced = true
                events.post(.brokerListens(found))
            }
            events.post(.ended(role, process.waitForEnd()))
        }
    }

    private static func text(_ duration: Duration) -> String {
        "\(ResultReport.fixed(duration / .seconds(1), digits: 2)) s"
    }
}

/// The lines of a pipe, as they come; closes it at its end.
struct LineReader: Sequence, IteratorProtocol {
    private let file: UnsafeMutablePointer<FILE>?

    init(descriptor: Int32) {
        file = fdopen(descriptor, "r")
    }

    mutating func next() -> String? {
        var buffer: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(buffer) }
        guard let file, getline(&buffer, &capacity, file) >= 0, let buffer else {
            if let file { fclose(file) }
            return nil
        }
        let line = String(cString: buffer)
        return line.hasSuffix("\n") ? String(line.dropLast()) : line
    }
}
