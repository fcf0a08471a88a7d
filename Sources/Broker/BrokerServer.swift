// SPDX-License-Identifier: MIT

public import Logging
public import Messaging
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
                let front = try Listener(configuration.front, configuration, context)
                let back = try Listener(configuration.back, configuration, context)
                started.withLock { $0 = .success((front.address, back.address)) }
                ready.signal()
                let loop = BrokerLoop(
                    configuration, front: front, back: back, orders: orders, journal: journal, logger: logger)
                loop.run()
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
    case journal(JournalNews)
}
