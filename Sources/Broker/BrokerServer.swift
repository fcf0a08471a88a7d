// SPDX-License-Identifier: MIT

public import Logging
public import Messaging
public import Observability
import Synchronization

/// A running broker: the thread of its loop, and the orders that other threads may give it.
public final class BrokerServer: Sendable {
    /// The addresses in use, free ports filled in.
    public let front: Endpoint
    public let back: Endpoint

    private let orders: Mailbox<BrokerOrders>
    private let thread: DedicatedThread

    /// Listens, and starts.
    /// - Parameter journal: where durable jobs are kept; it is the broker's from now on, which closes it.
    /// - Throws: when an address is taken.
    public init(
        _ configuration: BrokerConfiguration, journal: JournalKeeper? = nil, context: Context = Context(),
        logger: Logger
    ) throws(MessagingError) {
        let orders = Mailbox<BrokerOrders>()
        let started = Mutex<Result<(Endpoint, Endpoint), MessagingError>?>(nil)
        let ready = Wakeup()
        journal?.listen { orders.post(.journal($0)) }
        // The sockets are made by the thread that owns them; only their addresses, or their failure, come back.
        thread = DedicatedThread(name: "broker") {
            do throws(MessagingError) {
                var front = try Listener(.front, configuration, context)
                var back = try Listener(.back, configuration, context)
                let gate = Gate(hasKeys: configuration.keys != nil, limits: configuration.connectionLimits)
                let gatekeeper = try Gatekeeper(
                    gate, keys: configuration.keys?.folder, events: [.front: front.events, .back: back.events],
                    context: context, logger: logger)
                do throws(MessagingError) {
                    try front.listen()
                    try back.listen()
                } catch {
                    // In this order: a socket tells of its end, and libzmq waits until somebody has heard it.
                    front.close()
                    back.close()
                    gatekeeper.abandon()
                    throw error
                }
                started.withLock { $0 = .success((front.address, back.address)) }
                ready.signal()
                BrokerLoop(
                    configuration, front: front, back: back, gate: gate, orders: orders, journal: journal,
                    logger: logger
                ).run()
                gatekeeper.join()
            } catch {
                started.withLock { $0 = .failure(error) }
                ready.signal()
            }
        }
        _ = try Poller.wait([ready.pollItem], timeout: nil)
        while started.withLock({ $0 == nil }) { _ = try Poller.wait([ready.pollItem], timeout: .milliseconds(10)) }
        (front, back) = try started.withLock { $0! }.get()
        self.orders = orders
    }

    /// Takes nothing new, finishes what is here, then stops; after `patience` it stops anyway. Returns when it has.
    public func drain(patience: Duration = .seconds(25)) {
        orders.post(.drain(until: .now + patience))
        thread.join()
    }

    /// Asks the loop about itself; where it is stuck or over, no answer comes.
    public func report(_ question: ServiceQuestion) {
        orders.post(.report(question))
    }

    /// Stops at once; open calls get UNAVAILABLE. Returns when it has.
    public func stop() {
        orders.post(.stop)
        thread.join()
    }
}

/// What other threads may tell the loop.
enum BrokerOrders: Sendable {
    case drain(until: ContinuousClock.Instant)
    case stop
    case report(ServiceQuestion)
    case journal(JournalNews)
}
