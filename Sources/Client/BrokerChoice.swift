// SPDX-License-Identifier: MIT
import Messaging
import Wire

/// Which of several brokers a client speaks to: the first that is connected, in the order that was given, and then that
/// one until it is gone, stops, or has no worker.
struct BrokerChoice {
    typealias Instant = ContinuousClock.Instant

    private struct Broker {
        let endpoint: String
        var isConnected = false
        /// It said that it takes no calls; until then others are asked first.
        var shunnedUntil: Instant?
        /// Why there is no connection, where the broker said it.
        var refusal: ConnectionMonitor.Refusal?
        /// How often in a row it closed the connection in the middle of the greetings.
        var silences = 0
    }

    /// How long a broker that takes no calls is left alone while there is another.
    static let shunning: Duration = .seconds(5)

    /// A broker that stops may close a connection in the middle of the greetings, too; one that does so again and again has
    /// something against the connection.
    private static let patience = 3

    private var brokers: [Broker]
    private(set) var current: Int?

    init(_ endpoints: [String]) {
        precondition(!endpoints.isEmpty, "a client without a broker")
        brokers = endpoints.map { Broker(endpoint: $0) }
    }

    mutating func connection(_ event: ConnectionMonitor.Event, of broker: Int, at now: Instant) {
        switch event {
        case .connected:
            // Whoever listens there now may be another process.
            brokers[broker] = Broker(endpoint: brokers[broker].endpoint, isConnected: true)
        case .disconnected: brokers[broker].isConnected = false
        case .refused(.silent):
            brokers[broker].silences += 1
            if brokers[broker].silences >= Self.patience {
                brokers[broker].refusal = brokers[broker].refusal ?? .mechanism
            }
        case .refused(let reason): brokers[broker].refusal = reason
        }
        choose()
    }

    /// A broker takes no calls.
    mutating func shun(_ broker: Int, at now: Instant) {
        guard brokers.count > 1 else { return }
        brokers[broker].shunnedUntil = now + Self.shunning
        choose()
    }

    mutating func timePassed(at now: Instant) {
        for index in brokers.indices {
            guard let until = brokers[index].shunnedUntil, now >= until else { continue }
            brokers[index].shunnedUntil = nil
        }
        choose()
    }

    func isConnected(_ broker: Int) -> Bool { brokers[broker].isConnected }

    var nextDeadline: Instant? { brokers.compactMap(\.shunnedUntil).min() }

    /// Why a call could not be sent to any.
    var absence: RPCStatus {
        let places = brokers.map(\.endpoint).joined(separator: ", ")
        let broker = brokers.count == 1 ? "the broker at \(places) does" : "the brokers at \(places) do"
        if brokers.contains(where: { $0.refusal == .key }) {
            return RPCStatus(.unauthenticated, "\(broker) not let this key in", reason: .key)
        }
        if brokers.contains(where: { $0.refusal == .mechanism }) {
            return RPCStatus(
                .unauthenticated, "\(broker) not agree with this client on whether to use keys", reason: .key)
        }
        return RPCStatus(.unavailable, "no broker answers at \(places); start one with: boxwood up", reason: .noBroker)
    }

    /// One that takes calls before one that does not, and the one at hand before others.
    private mutating func choose() {
        func isGood(_ index: Int) -> Bool { brokers[index].isConnected && brokers[index].shunnedUntil == nil }
        if let current, isGood(current) { return }
        let start = (current ?? -1) + 1
        let order = brokers.indices.map { (start + $0) % brokers.count }
        current =
            order.first(where: isGood) ?? current.flatMap { brokers[$0].isConnected ? $0 : nil }
            ?? order.first { brokers[$0].isConnected }
    }
}

extension RPCStatus {
    /// Whether another broker may have what this one has not.
    var wantsAnotherBroker: Bool { code == .unavailable && (reason == .draining || reason == .noWorker) }
}
