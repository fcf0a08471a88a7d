// SPDX-License-Identifier: MIT

/// What `boxwood up` does about its processes: a pure state machine without a process or a clock.
///
/// Starts and deaths, signals and the passing of time go in; what is to be started, signalled and said comes out.
/// The broker comes first, for its endpoints may be chosen as it binds; the workers follow once they are known.
/// Whatever dies is started again, for ever, with a ``BackOff`` of its own.
package struct Supervisor: Sendable {
    package enum Role: Hashable, Sendable, CustomStringConvertible {
        case broker
        /// Counted from 1.
        case worker(Int)
        /// Ends with the workers: when the broker has answered everything, so has it.
        case gateway

        package var description: String {
            switch self {
            case .broker: "broker"
            case .worker(let number): "worker-\(number)"
            case .gateway: "gateway"
            }
        }
    }

    /// How a process ended.
    package enum End: Hashable, Sendable, CustomStringConvertible {
        case exit(Int32)
        case signal(Int32)
        /// It could not even be started.
        case notStarted(String)

        package var description: String {
            switch self {
            case .exit(let code): "exit code \(code)"
            case .signal(let number): "signal \(number)"
            case .notStarted(let reason): reason
            }
        }
    }

    package enum Action: Hashable, Sendable {
        case start(Role)
        /// Ask it to drain.
        case terminate(Role)
        case kill(Role)
        /// For the log: it ended and comes back after the wait.
        case reportRestart(Role, End, wait: Duration)
        case finish(ProgramExit)
    }

    package typealias Instant = ContinuousClock.Instant

    private enum Child {
        /// Not wanted yet, or no more.
        case absent
        case running(since: Instant)
        case waiting(until: Instant)

        var isRunning: Bool { if case .running = self { true } else { false } }
    }

    private enum Phase {
        case starting, running
        /// The broker finishes the calls that it has; the workers do the work, then follow.
        case drainingBroker(until: Instant)
        case drainingWorkers(until: Instant)
        case killing(ProgramExit)
        case finished
    }

    /// The broker first.
    private let roles: [Role]
    private let grace: Duration
    private var phase = Phase.starting
    private var children: [Role: Child] = [:]
    private var backOffs: [Role: BackOff] = [:]

    /// - Parameter grace: how long the broker, and then the workers, may take to drain before they are killed.
    package init(
        workers: Int, hasGateway: Bool = false, backOff: BackOff = BackOff(), grace: Duration = .seconds(30)
    ) {
        precondition(workers > 0, "supervisor: no worker")
        roles = [.broker] + (1...workers).map(Role.worker) + (hasGateway ? [.gateway] : [])
        self.grace = grace
        for role in roles {
            children[role] = .absent
            backOffs[role] = backOff
        }
    }

    /// When ``timePassed(at:)`` next has something to do.
    package var nextDeadline: Instant? {
        let waits = children.values.compactMap { if case .waiting(let until) = $0 { until } else { nil } }
        let drain: Instant? =
            switch phase {
            case .drainingBroker(let until), .drainingWorkers(let until): until
            default: nil
            }
        return (waits + [drain].compactMap(\.self)).min()
    }

    package mutating func begin(at now: Instant) -> [Action] {
        start(.broker, at: now)
    }

    /// The broker says where it listens.
    package mutating func brokerListens(at now: Instant) -> [Action] {
        guard case .starting = phase else { return [] }
        phase = .running
        return roles.dropFirst().flatMap { start($0, at: now) }
    }

    /// - Parameter random: drawn evenly from 0..<1, for the wait.
    package mutating func ended(_ role: Role, _ end: End, at now: Instant, random: Double) -> [Action] {
        guard case .running(let since) = children[role] else { return [] }
        children[role] = .absent
        switch phase {
        case .starting: return giveUp(end)
        case .running: return [comeBack(role, end, after: since.duration(to: now), at: now, random)]
        case .drainingBroker: return role == .broker ? drainWorkers(at: now) : []
        case .drainingWorkers: return finishIfDone(.ok)
        case .killing(let status): return finishIfDone(status)
        case .finished: return []
        }
    }

    /// SIGTERM or SIGINT: the first asks everything to drain, the second ends it.
    package mutating func stopRequested(at now: Instant) -> [Action] {
        switch phase {
        case .starting, .running:
            phase = .drainingBroker(until: now + grace)
            forgetWaiting()
            return children[.broker]!.isRunning ? [.terminate(.broker)] : drainWorkers(at: now)
        case .drainingBroker, .drainingWorkers: return killAll(.interrupted)
        case .killing, .finished: return []
        }
    }

    package mutating func timePassed(at now: Instant) -> [Action] {
        switch phase {
        case .drainingBroker(let until), .drainingWorkers(let until): return now >= until ? killAll(.interrupted) : []
        case .starting, .killing, .finished: return []
        case .running: break
        }
        return roles.flatMap { role -> [Action] in
            guard case .waiting(let until) = children[role], now >= until else { return [] }
            return start(role, at: now)
        }
    }
}

extension Supervisor {
    private mutating func start(_ role: Role, at now: Instant) -> [Action] {
        children[role] = .running(since: now)
        return [.start(role)]
    }

    /// A broker that never came up (a port that is taken, an endpoint that is none) would not come up later either.
    private mutating func giveUp(_ end: End) -> [Action] {
        phase = .finished
        guard case .exit(let code) = end else { return [.finish(.internalError)] }
        return [.finish(ProgramExit(rawValue: code) ?? .internalError)]
    }

    private mutating func comeBack(
        _ role: Role, _ end: End, after ran: Duration, at now: Instant, _ random: Double
    ) -> Action {
        let wait = backOffs[role]!.wait(afterRunning: ran, random: random)
        children[role] = .waiting(until: now + wait)
        return .reportRestart(role, end, wait: wait)
    }

    private mutating func drainWorkers(at now: Instant) -> [Action] {
        phase = .drainingWorkers(until: now + grace)
        let workers = roles.dropFirst().filter { children[$0]!.isRunning }
        return workers.isEmpty ? finishIfDone(.ok) : workers.map(Action.terminate)
    }

    private mutating func killAll(_ status: ProgramExit) -> [Action] {
        phase = .killing(status)
        return roles.filter { children[$0]!.isRunning }.map(Action.kill)
    }

    private mutating func finishIfDone(_ status: ProgramExit) -> [Action] {
        guard !children.values.contains(where: \.isRunning) else { return [] }
        phase = .finished
        return [.finish(status)]
    }

    private mutating func forgetWaiting() {
        for role in roles where !children[role]!.isRunning { children[role] = .absent }
    }
}
