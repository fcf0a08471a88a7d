// SPDX-License-Identifier: MIT
import Messaging
import Wire

/// A worker's place at one broker: the connection and the session on it. Owned by the worker's thread.
final class BrokerSeat {
    /// How the session came to its end.
    enum Ending {
        case stopped
        case dismissed(RPCStatus)
        /// The engine does not come back from a job that the broker took away.
        case engineHangs
    }

    let endpoint: Endpoint
    var link: BrokerLink
    var session: WorkerSession
    var ending: Ending?
    /// Why there is no connection, where it was said already.
    var refusal: ConnectionMonitor.Refusal?

    init(
        _ context: Context, _ endpoint: Endpoint, _ configuration: WorkerConfiguration, _ facts: EngineFacts
    ) throws(MessagingError) {
        self.endpoint = endpoint
        link = try BrokerLink(context, endpoint, configuration)
        session = WorkerSession(
            hello: WorkerHello(configuration, facts), helloInterval: configuration.helloInterval,
            hangLimit: configuration.hangLimit, at: .now)
    }

    var isOver: Bool { ending != nil }

    /// How it stands with the broker, in a word of `MetricLabels.brokerStates`.
    var standing: String { isOver ? "left" : session.worker == nil ? "waiting" : "joined" }
}

/// How a worker's room is shared by the brokers that it serves: each is offered all that is free, and what is offered twice
/// and taken twice is handed back.
package enum SharedRoom {
    /// - Parameters:
    ///   - credits: the jobs that the worker holds in all.
    ///   - occupied: those of each broker.
    /// - Returns: the credits of each.
    package static func offers(credits: Int, occupied: [Int]) -> [Int] {
        let free = max(0, credits - occupied.reduce(0, +))
        return occupied.map { min(credits, $0 + free) }
    }
}
