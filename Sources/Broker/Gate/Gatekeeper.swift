// SPDX-License-Identifier: MIT

internal import Logging
internal import Messaging
import Synchronization

/// The thread at a broker's door: answers libzmq's questions about keys, hears of connections as they come and go, watches
/// what they hold, and ends those that have to go. It stops by itself when both listeners have.
final class Gatekeeper: Sendable {
    private let thread: DedicatedThread
    private let isAbandoned: Abandonment

    /// In place when it returns: to be made before the listeners listen.
    init(
        _ gate: Gate, keys: KeyFolder?, events: [BrokerSide: ListenerEvents], context: Context, logger: Logger
    ) throws(MessagingError) {
        let started = Mutex<Result<Void, MessagingError>?>(nil)
        let ready = Wakeup()
        let isAbandoned = Abandonment()
        self.isAbandoned = isAbandoned
        thread = DedicatedThread(name: "gatekeeper") {
            do throws(MessagingError) {
                var rounds = try GateRounds(gate, keys: keys, events: events, context: context, logger: logger)
                started.withLock { $0 = .success(()) }
                ready.signal()
                rounds.run(until: isAbandoned)
            } catch {
                started.withLock { $0 = .failure(error) }
                ready.signal()
            }
        }
        while started.withLock({ $0 == nil }) { _ = try Poller.wait([ready.pollItem], timeout: .milliseconds(10)) }
        try started.withLock { $0! }.get()
    }

    /// Waits for the end of its thread.
    func join() { thread.join() }

    /// For listeners that never came to listen.
    func abandon() { isAbandoned.flag.store(true, ordering: .relaxed) }
}

private final class Abandonment: Sendable {
    let flag = Atomic(false)
}

/// What the gatekeeper does, again and again.
private struct GateRounds: ~Copyable {
    private let gate: Gate
    private let folder: KeyFolder?
    private let zap: ZapHandler?
    private let front: ListenerMonitor
    private let back: ListenerMonitor
    private let logger: Logger
    private var stopped: Set<BrokerSide> = []
    private var folders = KeyFolderState.none
    private var files = KeyFolderState.none
    private var nextSample: Duration = .zero
    private var nextLook: Duration = .zero

    /// How often it is looked at what connections hold: a fast peer brings some 100 MB in that time.
    private static let sampleInterval: Duration = .milliseconds(100)
    /// How often every file of the folder is looked at; its folders are before every decision.
    private static let lookInterval: Duration = .seconds(1)

    init(
        _ gate: Gate, keys: KeyFolder?, events: [BrokerSide: ListenerEvents], context: Context, logger: Logger
    ) throws(MessagingError) {
        let front = try ListenerMonitor(events[.front]!)
        let back = try ListenerMonitor(events[.back]!)
        let zap = keys == nil ? nil : try ZapHandler(context)
        self.gate = gate
        folder = keys
        self.zap = zap
        self.front = front
        self.back = back
        self.logger = logger
        look()
    }

    mutating func run(until isAbandoned: Abandonment) {
        while stopped.count < BrokerSide.allCases.count, !isAbandoned.flag.load(ordering: .relaxed) {
            do throws(MessagingError) {
                let items = [front.pollItem, back.pollItem] + (zap.map { [$0.pollItem] } ?? [])
                _ = try Poller.wait(items, timeout: max(.zero, nextSample - gate.now))
                while let event = front.next() { hear(event, .front) }
                while let event = back.next() { hear(event, .back) }
                try decide()
            } catch {
                logger.error("gatekeeper", metadata: ["error": "\(error)"])
            }
            if gate.now >= nextSample { sample() }
            if gate.now >= nextLook { look() }
        }
    }

    private mutating func hear(_ event: ListenerMonitor.Event, _ side: BrokerSide) {
        switch event {
        case .accepted(let descriptor):
            guard let number = Connection.number(descriptor) else {
                gate.update { $0.table.missed() }
                return
            }
            let now = gate.now
            end(
                gate.update { state in
                    [state.table.accepted(ConnectionTable.ID(side, descriptor), number: number, at: now)].compactMap(
                        \.self)
                })
        case .closed(let descriptor):
            gate.update { $0.table.closed(ConnectionTable.ID(side, descriptor)) }
        case .greeted: break
        case .handshakeFailed(.unfinished): gate.update { $0.counters.unfinished += 1 }
        case .handshakeFailed(.protocol): gate.update { $0.counters.malformed += 1 }
        // Counted where it was decided.
        case .handshakeFailed(.key): break
        case .acceptFailed: gate.update { $0.counters.acceptFailed += 1 }
        case .stopped: stopped.insert(side)
        }
    }

    /// Answers libzmq's questions by the folder as it is now.
    private mutating func decide() throws(MessagingError) {
        guard let zap, let folder else { return }
        guard try Poller.wait([zap.pollItem], timeout: .zero)[0] else { return }
        if KeyFolderState.ofFolders(folder) != folders { look() }
        let keys = gate.update { $0.keys }
        try zap.answer { request in
            let decision = Self.decide(request, keys)
            switch decision {
            case .success: gate.update { $0.counters.admitted += 1 }
            case .failure: gate.update { $0.counters.refused += 1 }
            }
            return decision
        }
    }

    private static func decide(_ request: ZapRequest?, _ keys: AuthorizedKeys) -> Result<String, ZapRefusal> {
        guard let request else { return .failure(.malformed) }
        guard let side = BrokerSide(rawValue: request.domain), keys.identity(request.key, at: side) != nil else {
            return .failure(.key)
        }
        return .success(request.key.text)
    }

    private mutating func sample() {
        nextSample = gate.now + Self.sampleInterval
        let now = gate.now
        let ids = gate.update { $0.table.ids }
        let samples = ids.compactMap { id in Connection.received(id.descriptor).map { (id, $0) } }
        end(
            gate.update { state in
                for (id, received) in samples { state.table.sampled(id, received: received, at: now) }
                return state.table.overBudget(at: now)
            })
    }

    /// Reads the folder anew where it has changed, and ends the connections of keys that are gone from it.
    private mutating func look() {
        nextLook = gate.now + Self.lookInterval
        guard let folder else { return }
        let seen = KeyFolderState.ofFiles(folder)
        guard seen != files else { return }
        // The states are from before the reading: what changes meanwhile is seen the next time.
        folders = .ofFolders(folder)
        files = seen
        let keys = AuthorizedKeys(folder)
        for fault in keys.faults { logger.warning("key not let in", metadata: ["why": "\(fault)"]) }
        logger.info("authorized keys read", metadata: ["keys": "\(keys.identities.count)"])
        end(
            gate.update { state in
                state.keys = keys
                return state.table.revoked { keys.identity($0, at: $1) != nil }
            })
    }

    private func end(_ cuts: [ConnectionTable.Cut]) {
        for cut in cuts {
            logger.warning(
                "connection ended",
                metadata: ["side": "\(cut.id.side.rawValue)", "why": "\(cut.reason.rawValue)"])
            Connection.end(cut.id.descriptor, number: cut.number)
        }
    }
}
