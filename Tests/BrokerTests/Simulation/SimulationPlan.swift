// SPDX-License-Identifier: MIT

import Broker

/// What kind of world a seed makes: how many there are, how fast, and what goes wrong how often.
struct SimulationPlan {
    /// Nothing goes wrong and there is room for all: then every call must be answered.
    var isCalm: Bool
    var terms = SchedulerConfiguration()
    var length: Duration
    var clients: Int
    var workers: Int
    var credits: ClosedRange<Int>
    /// Between two calls of a client.
    var pause: ClosedRange<Int>
    var service: ClosedRange<Int>
    /// By client, where they ask for different things.
    var serviceByClient: [ClosedRange<Int>] = []
    var pauseByClient: [ClosedRange<Int>] = []
    var batchClients: Set<Int>?
    /// How many pictures there are.
    var pictures = 6
    var patience: ClosedRange<Int>
    var networkDelay: ClosedRange<Int>
    /// When the workers join.
    var arrivals = 0...4000
    /// Whether all clients are of one kind.
    var isUniform = false

    // In a thousand: of messages, of calls, of jobs, or of beats.
    var dropped = 0
    var repeated = 0
    var floods = 0
    var cancelled = 0
    var resent = 0
    var misused = 0
    var vanishing = 0
    var poisonous = 0
    var crashing = 0
    var hanging = 0
    var forgetting = 0
    var draining = 0
    var standstills = 0
    /// By beats: an operator drains a worker, or lets a drained one work.
    var operators = 0

    init(_ random: inout SeededRandom) {
        isCalm = random.below(8) == 0
        arrivals = isCalm ? 0...10 : 0...4000
        length = .seconds(random.int(10...40))
        clients = random.int(1...5)
        workers = isCalm ? random.int(2...4) : random.int(0...4)
        credits = isCalm ? 4...5 : 1...random.int(1...5)
        pause = isCalm ? 400...1200 : 20...random.int(100...4000)
        service = isCalm ? 5...100 : 5...random.int(50...3000)
        patience = isCalm ? 8000...20_000 : random.int(0...200)...random.int(1000...20_000)
        networkDelay = 0...random.int(0...(isCalm ? 5 : 60))
        terms.beatInterval = .milliseconds(random.int(1...3) * 400)
        terms.liveness = random.int(2...4)
        terms.stallLimit = random.below(4) == 0 ? .zero : .seconds(random.int(4...10))
        terms.answerLimit = .seconds(random.int(2...8))
        terms.noWorkerPatience = .seconds(random.int(1...5))
        terms.batchAge = .milliseconds(random.int(200...5000))
        terms.pictureImbalance = random.int(0...3)
        terms.picturesPerWorker = random.int(1...4)
        terms.answersKeptFor = .seconds(random.int(1...20))
        terms.answersKept = random.int(0...20)
        terms.answerBytesKept = random.int(100...4000)
        guard !isCalm else { return }
        setLimits(&random)
        setFaults(&random)
    }

    /// A world made to measure something in: nothing goes wrong, and all limits are the default ones.
    init(
        length: Duration, clients: Int, workers: Int, credits: Int, pause: ClosedRange<Int>, service: ClosedRange<Int>,
        patience: ClosedRange<Int>
    ) {
        isCalm = false
        self.length = length
        self.clients = clients
        self.workers = workers
        self.credits = credits...credits
        self.pause = pause
        self.service = service
        self.patience = patience
        networkDelay = 0...1
        arrivals = 0...10
        isUniform = true
    }

    private mutating func setLimits(_ random: inout SeededRandom) {
        terms.queueCalls = random.int(2...24)
        terms.clientCalls = random.int(1...terms.queueCalls)
        terms.queueBytes = random.int(1500...20_000)
        terms.clientBytes = random.int(700...terms.queueBytes)
        terms.queuePixels = random.int(2000...40_000)
        terms.clientPixels = random.int(900...terms.queuePixels)
        terms.joinedCalls = random.int(1...4)
        terms.maxLosses = random.int(3...8)
    }

    /// Each fault is there in half of the worlds, so that none hides another.
    private mutating func setFaults(_ random: inout SeededRandom) {
        func chance(_ most: Int) -> Int { random.below(2) == 0 ? 0 : random.int(1...most) }
        dropped = random.below(3) == 0 ? random.int(1...50) : 0
        repeated = chance(50)
        floods = chance(60)
        cancelled = chance(200)
        resent = chance(400)
        misused = chance(100)
        vanishing = chance(30)
        poisonous = chance(80)
        crashing = chance(60)
        hanging = chance(40)
        forgetting = chance(30)
        draining = chance(20)
        standstills = chance(8)
        operators = chance(30)
    }
}
