// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Testing

@Suite("Supervisor")
struct SupervisorTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private func steady() -> BackOff { BackOff(first: .seconds(1), ceiling: .seconds(4), jitter: 0) }

    /// A supervisor of two workers with everything running at second 1.
    private func running() -> Supervisor {
        var supervisor = Supervisor(workers: 2, backOff: steady(), grace: .seconds(10))
        _ = supervisor.begin(at: at(0))
        _ = supervisor.brokerListens(at: at(1))
        return supervisor
    }

    @Test("The broker comes first, the workers when it listens")
    func order() {
        var supervisor = Supervisor(workers: 2)
        #expect(supervisor.begin(at: at(0)) == [.start(.broker)])
        #expect(supervisor.brokerListens(at: at(1)) == [.start(.worker(1)), .start(.worker(2))])
        #expect(supervisor.brokerListens(at: at(2)).isEmpty, "a broker that came back starts no second set of workers")
    }

    @Test("A worker that dies comes back after its wait, and not before")
    func restarts() {
        var supervisor = running()
        let end = Supervisor.End.signal(9)
        #expect(
            supervisor.ended(.worker(2), end, at: at(5), random: 0)
                == [.reportRestart(.worker(2), end, wait: .seconds(1))])
        #expect(supervisor.nextDeadline == at(6))
        #expect(supervisor.timePassed(at: at(5.9)).isEmpty)
        #expect(supervisor.timePassed(at: at(6)) == [.start(.worker(2))])
        #expect(supervisor.nextDeadline == nil)
    }

    @Test("A gateway comes with the workers, comes back like them, and ends with them")
    func gateway() {
        var supervisor = Supervisor(workers: 1, hasGateway: true, backOff: steady(), grace: .seconds(10))
        _ = supervisor.begin(at: at(0))
        #expect(supervisor.brokerListens(at: at(1)) == [.start(.worker(1)), .start(.gateway)])
        // A port that is taken is no reason to end the service.
        #expect(
            supervisor.ended(.gateway, .exit(69), at: at(2), random: 0)
                == [.reportRestart(.gateway, .exit(69), wait: .seconds(1))])
        #expect(supervisor.timePassed(at: at(3)) == [.start(.gateway)])
        #expect(supervisor.stopRequested(at: at(4)) == [.terminate(.broker)])
        #expect(
            supervisor.ended(.broker, .exit(0), at: at(5), random: 0) == [.terminate(.worker(1)), .terminate(.gateway)])
        #expect(supervisor.ended(.gateway, .exit(0), at: at(6), random: 0).isEmpty)
        #expect(supervisor.ended(.worker(1), .exit(0), at: at(7), random: 0) == [.finish(.ok)])
    }

    @Test("Each process has a back-off of its own", arguments: [1, 2, 5])
    func ownBackOff(_ deaths: Int) {
        var supervisor = running()
        var now = at(1)
        for _ in 0..<deaths {
            _ = supervisor.ended(.worker(1), .exit(70), at: now, random: 0)
            now = supervisor.nextDeadline!
            #expect(supervisor.timePassed(at: now) == [.start(.worker(1))])
        }
        #expect(
            supervisor.ended(.worker(2), .exit(70), at: now, random: 0)
                == [.reportRestart(.worker(2), .exit(70), wait: .seconds(1))])
    }

    @Test("The broker comes back as well")
    func brokerRestarts() {
        var supervisor = running()
        #expect(
            supervisor.ended(.broker, .signal(11), at: at(2), random: 0)
                == [.reportRestart(.broker, .signal(11), wait: .seconds(1))])
        #expect(supervisor.timePassed(at: at(3)) == [.start(.broker)])
    }

    @Test(
        "A broker that never listened ends it all with its own exit code",
        arguments: [
            (Supervisor.End.exit(64), ProgramExit.usage), (.exit(69), .unavailable), (.exit(1), .internalError),
            (.signal(11), .internalError), (.notStarted("no such file"), .internalError),
        ])
    func neverListened(_ end: Supervisor.End, _ status: ProgramExit) {
        var supervisor = Supervisor(workers: 1)
        _ = supervisor.begin(at: at(0))
        #expect(supervisor.ended(.broker, end, at: at(1), random: 0) == [.finish(status)])
    }

    @Test("A signal drains the broker, then the workers, then ends with 0")
    func drains() {
        var supervisor = running()
        #expect(supervisor.stopRequested(at: at(2)) == [.terminate(.broker)])
        #expect(
            supervisor.ended(.broker, .exit(0), at: at(3), random: 0)
                == [.terminate(.worker(1)), .terminate(.worker(2))])
        #expect(supervisor.ended(.worker(2), .exit(0), at: at(4), random: 0).isEmpty)
        #expect(supervisor.ended(.worker(1), .exit(0), at: at(4), random: 0) == [.finish(.ok)])
    }

    @Test("While draining nothing is started again")
    func noRestart() {
        var supervisor = running()
        _ = supervisor.ended(.worker(1), .exit(70), at: at(1), random: 0)
        _ = supervisor.stopRequested(at: at(2))
        #expect(supervisor.ended(.worker(2), .signal(9), at: at(3), random: 0).isEmpty)
        #expect(supervisor.timePassed(at: at(4)).isEmpty)
        #expect(supervisor.ended(.broker, .exit(0), at: at(5), random: 0) == [.finish(.ok)])
    }

    @Test("A worker that is lost while the broker drains takes no other with it")
    func lostWhileDraining() {
        var supervisor = running()
        _ = supervisor.stopRequested(at: at(2))
        #expect(supervisor.ended(.worker(1), .signal(9), at: at(3), random: 0).isEmpty)
        #expect(supervisor.ended(.broker, .exit(0), at: at(4), random: 0) == [.terminate(.worker(2))])
    }

    @Test("A second signal kills what is left")
    func second() {
        var supervisor = running()
        _ = supervisor.stopRequested(at: at(2))
        _ = supervisor.ended(.worker(1), .exit(0), at: at(3), random: 0)
        #expect(supervisor.stopRequested(at: at(3)) == [.kill(.broker), .kill(.worker(2))])
        #expect(supervisor.stopRequested(at: at(3)).isEmpty)
        #expect(supervisor.ended(.broker, .signal(9), at: at(4), random: 0).isEmpty)
        #expect(supervisor.ended(.worker(2), .signal(9), at: at(4), random: 0) == [.finish(.interrupted)])
    }

    @Test("So does the end of the grace, for the broker and for the workers")
    func grace() {
        var slowBroker = running()
        _ = slowBroker.stopRequested(at: at(2))
        #expect(slowBroker.timePassed(at: at(11.9)).isEmpty)
        #expect(slowBroker.timePassed(at: at(12)) == [.kill(.broker), .kill(.worker(1)), .kill(.worker(2))])

        var slowWorkers = running()
        _ = slowWorkers.stopRequested(at: at(2))
        _ = slowWorkers.ended(.broker, .exit(0), at: at(5), random: 0)
        #expect(slowWorkers.nextDeadline == at(15))
        #expect(slowWorkers.timePassed(at: at(15)) == [.kill(.worker(1)), .kill(.worker(2))])
    }

    @Test("A signal before the broker listens ends it too")
    func early() {
        var supervisor = Supervisor(workers: 2)
        _ = supervisor.begin(at: at(0))
        #expect(supervisor.stopRequested(at: at(0)) == [.terminate(.broker)])
        #expect(supervisor.brokerListens(at: at(1)).isEmpty)
        #expect(supervisor.ended(.broker, .exit(0), at: at(1), random: 0) == [.finish(.ok)])
    }

    @Test("A signal while the broker is waiting to come back drains the workers at once")
    func brokerAway() {
        var supervisor = running()
        _ = supervisor.ended(.broker, .signal(9), at: at(2), random: 0)
        #expect(supervisor.stopRequested(at: at(2)) == [.terminate(.worker(1)), .terminate(.worker(2))])
    }
}
