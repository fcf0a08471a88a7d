// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Testing
import Wire

struct ServiceTopTests {
    private func status(uptime: Double, finished: Double, done: Double, workers: Int = 1) -> ProtoAdminStatusResponse {
        var status = ProtoAdminStatusResponse()
        status.version = "1.2"
        status.uptimeS = uptime
        status.counters = ["calls_finished_total": finished, "calls_accepted_total": finished]
        status.queue.waiting = 3
        status.queue.waitingByReason = ["no_room": 2, "alone": 1, "no_worker": 0]
        status.queue.running = 4
        status.queue.backlogMs = 2500
        status.queue.oldestMs = 1500
        for number in 0..<workers {
            var worker = ProtoWorkerState()
            worker.worker = "w\(number)"
            worker.name = "left\u{1B}[2Jhand"
            worker.state = number == 0 ? "busy" : "drained"
            worker.credits = 5
            worker.jobs = number == 0 ? 4 : 0
            worker.jobsDone = done
            status.workers.append(worker)
        }
        return status
    }

    private func lines(
        _ now: ProtoAdminStatusResponse, _ before: ProtoAdminStatusResponse?, width: Int? = nil, height: Int? = nil
    ) -> [String] {
        ServiceTop(now, before: before).lines(endpoint: "tcp://127.0.0.1:1", width: width, height: height)
    }

    @Test func aScreenSaysWhatIsGoingOn() {
        let lines = lines(
            status(uptime: 14, finished: 130, done: 60, workers: 3), status(uptime: 10, finished: 100, done: 50))
        #expect(lines[0] == "broker 1.2 at tcp://127.0.0.1:1, up for 14.0 s")
        #expect(
            lines[1]
                == "queue: 3 waiting (1 alone, 2 no_room), 4 running, 2.5 s of work, 0.0 MB; the oldest waits for 1.5 s"
        )
        #expect(lines[2].hasPrefix("rates: 7.5 accepted, 7.5 answered, 0.0 refused"))
        #expect(lines[3] == "workers: 3: 1 busy, 2 drained; 4 of 15 places taken")
        #expect(lines.count == 5 + 1 + 3)
        #expect(lines[6].contains("2.5"), "of the worker that was there before")
        #expect(lines[7].contains(" - "), "a new one has no rate yet")
    }

    /// Rates are differences; those of a broker that was started anew in between would be none.
    @Test func withoutAnEarlierLookThereAreNoRates() {
        let now = status(uptime: 4, finished: 10, done: 1)
        #expect(lines(now, nil)[2] == "rates: none yet")
        #expect(lines(now, status(uptime: 100, finished: 500, done: 50))[2] == "rates: none yet")
        #expect(lines(now, status(uptime: 4, finished: 10, done: 1))[2] == "rates: none yet")
    }

    @Test func aCounterThatFellHasNoRate() {
        let lines = lines(status(uptime: 14, finished: 5, done: 60), status(uptime: 10, finished: 100, done: 50))
        #expect(lines[2].hasPrefix("rates: - accepted, - answered"))
    }

    @Test func namesDoNotReachTheTerminalAsTheyAre() {
        let text = lines(status(uptime: 1, finished: 1, done: 1), nil).joined()
        #expect(!text.unicodeScalars.contains("\u{1B}") && text.contains("left[2Jhand"))
    }

    @Test(arguments: [20, 40, 79, 80, 200])
    func noLineIsWiderThanTheTerminal(_ width: Int) {
        let lines = lines(status(uptime: 1, finished: 1, done: 1, workers: 4), nil, width: width)
        #expect(lines.allSatisfy { TerminalText.width($0) <= width })
    }

    @Test(arguments: [0, 1, 2, 7, 8, 9, 10])
    func noMoreLinesThanTheTerminalHas(_ height: Int) {
        let all = lines(status(uptime: 1, finished: 1, done: 1, workers: 3), nil)
        let lines = lines(status(uptime: 1, finished: 1, done: 1, workers: 3), nil, height: height)
        #expect(lines.count == min(height, all.count))
        if height > 0, height < all.count { #expect(lines.last == "... \(all.count - height + 1) more lines") }
    }

    @Test func aServiceWithoutWorkersSaysSo() {
        #expect(lines(status(uptime: 1, finished: 0, done: 0, workers: 0), nil)[3] == "workers: none")
    }

    @Test(arguments: [
        ("draining", UInt32(1), true, "w1 (left): draining, 1 job to finish"),
        ("draining", 2, false, "w1 (left): draining, 2 jobs to finish; nothing changed"),
        ("drained", 0, true, "w1 (left): drained"), ("idle", 0, false, "w1 (left): idle; nothing changed"),
    ])
    func aDrainIsALine(_ state: String, _ jobs: UInt32, _ changed: Bool, _ line: String) {
        var answer = ProtoDrainResponse()
        answer.worker.worker = "w1"
        answer.worker.name = "left\u{7}"
        answer.worker.state = state
        answer.worker.jobs = jobs
        answer.changed = changed
        #expect(DrainReport.line(answer) == line)
    }
}
