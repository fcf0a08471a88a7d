// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Testing
import Wire

@Suite("The benchmark of the broker")
struct BrokerBenchmarkTests {
    private typealias Options = BrokerBenchmarkOptions
    private let start = ContinuousClock.now

    @Test("Percentiles are samples, by the nearest rank")
    func percentiles() {
        let latencies = Latencies((1...1000).shuffled().map { .milliseconds($0) })
        #expect(latencies.percentile(0.001) == 1)
        #expect(latencies.percentile(0.5) == 500)
        #expect(latencies.percentile(0.99) == 990)
        #expect(latencies.percentile(0.999) == 999)
        #expect(latencies.percentile(1) == 1000)
        #expect(Latencies([.milliseconds(7)]).percentile(0.5) == 7)
        #expect(Latencies([]).percentile(0.5).isNaN)
    }

    @Test("Numbers at the ends of their ranges are taken, those outside are named")
    func ranges() {
        #expect(Options().fault == nil)
        #expect(Options(seconds: 0.05, rounds: 1, sizes: [0], clients: [1], workers: [1], rate: 1).fault == nil)
        let most = Options(
            seconds: 60, rounds: 20, sizes: [WireLimits.imageBytes], clients: [64], workers: [16],
            engineMilliseconds: 1000, rate: 100_000)
        #expect(most.fault == nil)
        #expect(Options(seconds: 0.04).fault == "--seconds is 0.05 to 60")
        #expect(Options(seconds: .nan).fault != nil)
        #expect(Options(rounds: 21).fault == "--rounds is 1 to 20")
        #expect(Options(sizes: [WireLimits.imageBytes + 1]).fault == "--sizes is 0 to 33554432")
        #expect(Options(sizes: []).fault != nil)
        #expect(Options(clients: [1, 65]).fault == "--clients is 1 to 64")
        #expect(Options(workers: [17]).fault == "--workers is 1 to 16")
        #expect(Options(engineMilliseconds: 1001).fault == "--engine-ms is 0 to 1000")
        #expect(Options(rate: 0).fault == "--rate is 1 to 100000")
        #expect(Options(seconds: 60).fault == "that would take 4860 s; the most is 3600")
    }

    @Test("An engine that takes its time is measured by the service alone")
    func ways() {
        #expect(Options().ways == [.proxy, .broker, .service])
        #expect(Options(engineMilliseconds: 20).ways == [.service])
        #expect(Options().settings.count == 27)
    }

    @Test("A caller without a pace calls at once until the end")
    func closedLoop() {
        var schedule = CallSchedule(interval: nil, begin: start, end: start + .seconds(1))
        #expect(schedule.next(at: start - .seconds(1)) == start)
        #expect(schedule.next(at: start + .milliseconds(5)) == start + .milliseconds(5))
        #expect(schedule.next(at: start + .seconds(1)) == nil)
        #expect(schedule.missed == 0)
    }

    @Test("A caller with a pace catches up, and counts what it could not")
    func pace() {
        var schedule = CallSchedule(interval: .milliseconds(100), begin: start, end: start + .seconds(1))
        #expect(schedule.next(at: start) == start)
        #expect(schedule.next(at: start + .milliseconds(450)) == start + .milliseconds(100))
        #expect(schedule.next(at: start + .milliseconds(450)) == start + .milliseconds(200))
        #expect(schedule.next(at: start + .seconds(1)) == nil)
        #expect(schedule.missed == 7)
    }

    @Test("Time counts from when a call was due for whoever was held up, not for whoever overslept")
    func beginnings() {
        let due = start + .milliseconds(100)
        let now = start + .milliseconds(130)
        #expect(CallSchedule.beginning(due: due, freeSince: start + .milliseconds(120), now: now) == due)
        #expect(CallSchedule.beginning(due: due, freeSince: start, now: now) == now)
    }

    @Test("Processor time of a process whose name has blanks and parentheses")
    func processorTime() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 1 0 0 0 250 150 0 0 20 0 9 0 1 1 1"
        #expect(ProcessorTime.seconds(stat: stat) == 4)
        #expect(ProcessorTime.seconds(stat: "7 (short) S 1") == nil)
    }

    @Test("Figures are compared round by round")
    func comparison() {
        func round(_ milliseconds: Int, seconds: Double) -> BrokerBenchmarkRound {
            BrokerBenchmarkRound(
                latencies: Latencies([.milliseconds(milliseconds)]), seconds: seconds, processorSeconds: 0)
        }
        let row = BrokerBenchmarkReport.Row(
            BrokerBenchmarkSetting(bytes: 1, clients: 1, workers: 1),
            [
                [.proxy: round(1, seconds: 1), .service: round(3, seconds: 2)],
                [.proxy: round(10, seconds: 1), .service: round(14, seconds: 4)],
                [.proxy: round(5, seconds: 1), .service: round(8, seconds: 5)],
            ])
        #expect(row.beside_proxy["service"]?.p50_above_ms == Measurement([2, 4, 3]))
        #expect(row.beside_proxy["service"]?.rate_ratio == Measurement([0.5, 0.25, 0.2]))
        #expect(row.beside_proxy["proxy"] == nil)
    }
}
