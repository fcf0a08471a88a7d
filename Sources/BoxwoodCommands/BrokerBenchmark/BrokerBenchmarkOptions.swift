// SPDX-License-Identifier: MIT
import Wire

/// What `bench broker` is asked to measure: every size of picture with every number of clients and of workers.
package struct BrokerBenchmarkOptions: Sendable {
    /// How long each figure of each setting is measured, all rounds together.
    package var seconds: Double
    /// Into how many turns the ways take that time, so that a noisy moment is everybody's.
    package var rounds: Int
    /// Bytes of a picture.
    package var sizes: [Int]
    package var clients: [Int]
    package var workers: [Int]
    /// What a job takes in a pretended engine, one after the other; 0 answers at once.
    package var engineMilliseconds: Int
    /// Calls a second of all clients together; `nil` for as many as are answered.
    package var rate: Int?

    package static let secondsRange = 0.05...60.0
    package static let roundsRange = 1...20
    package static let sizeRange = 0...WireLimits.imageBytes
    package static let clientRange = 1...64
    package static let workerRange = 1...16
    package static let engineRange = 0...1000
    package static let rateRange = 1...100_000
    /// The whole run, warming up not counted.
    package static let longest = 3600.0

    package static let defaultSeconds = 3.0
    package static let defaultRounds = 3
    package static let defaultSizes = [1000, 100_000, 4_000_000]
    package static let defaultClients = [1, 8, 64]
    package static let defaultWorkers = [1, 4, 16]

    package init(
        seconds: Double = defaultSeconds, rounds: Int = defaultRounds, sizes: [Int] = defaultSizes,
        clients: [Int] = defaultClients, workers: [Int] = defaultWorkers, engineMilliseconds: Int = 0,
        rate: Int? = nil
    ) {
        self.seconds = seconds
        self.rounds = rounds
        self.sizes = sizes
        self.clients = clients
        self.workers = workers
        self.engineMilliseconds = engineMilliseconds
        self.rate = rate
    }

    /// The ways that a call is measured. A pretended engine that takes its time has no counterpart behind the proxy.
    package var ways: [BrokerBenchmarkWay] {
        engineMilliseconds == 0 ? BrokerBenchmarkWay.allCases : [.service]
    }

    package var settings: [BrokerBenchmarkSetting] {
        workers.flatMap { workers in
            sizes.flatMap { size in
                clients.map { BrokerBenchmarkSetting(bytes: size, clients: $0, workers: workers) }
            }
        }
    }

    /// The first number outside its range, in words; `nil` where all are inside.
    package var fault: String? {
        if !Self.secondsRange.contains(seconds) { return "--seconds is 0.05 to 60" }
        let lists = [
            ("--sizes", sizes, Self.sizeRange), ("--clients", clients, Self.clientRange),
            ("--workers", workers, Self.workerRange), ("--rounds", [rounds], Self.roundsRange),
            ("--engine-ms", [engineMilliseconds], Self.engineRange),
            ("--rate", rate.map { [$0] } ?? [Self.rateRange.lowerBound], Self.rateRange),
        ]
        for (name, numbers, range) in lists where numbers.isEmpty || !numbers.allSatisfy(range.contains) {
            return "\(name) is \(range.lowerBound) to \(range.upperBound)"
        }
        let whole = seconds * Double(settings.count * ways.count)
        return whole <= Self.longest ? nil : "that would take \(Int(whole)) s; the most is \(Int(Self.longest))"
    }
}

/// How a call gets to whoever answers it, and back.
package enum BrokerBenchmarkWay: String, Sendable, CaseIterable, Encodable {
    /// Through libzmq's own proxy, between peers that know no protocol.
    case proxy
    /// Through the broker to its workers, from peers that do no more than the protocol asks for.
    case broker
    /// The same from our client.
    case service
}

/// One line of the report.
package struct BrokerBenchmarkSetting: Sendable, Hashable {
    package let bytes: Int
    package let clients: Int
    package let workers: Int

    package init(bytes: Int, clients: Int, workers: Int) {
        (self.bytes, self.clients, self.workers) = (bytes, clients, workers)
    }
}
