// SPDX-License-Identifier: MIT
import BoxwoodCommands
import ModelHub
import Testing

@Suite("The line of a pull")
struct PullStatusTests {
    private let begin = ContinuousClock.now
    private let first: PlannedFile
    private let second: PlannedFile

    init() throws {
        first = try PlannedFile(
            name: "config.json", size: 1_000, digest: #require(BlobDigest(String(repeating: "1", count: 40))))
        second = try PlannedFile(
            name: "model.safetensors", size: 9_999_000, digest: #require(BlobDigest(String(repeating: "2", count: 64))))
    }

    private func status(_ present: PresentPart = .nothing) throws -> PullStatus {
        var status = PullStatus("a/b")
        let plan = PullPlan(
            reference: try ModelReference("a/b"), commit: try #require(Commit(String(repeating: "3", count: 40))),
            steps: [.init(file: first, present: .whole), .init(file: second, present: present)])
        #expect(status.line(at: begin) == "a/b: asking the hub")
        status.note(.planned(plan), at: begin)
        return status
    }

    @Test func bytesRateAndTimeLeft() throws {
        var status = try status()
        for second in 0...4 {
            status.note(.received(self.second, bytes: second * 1_000_000), at: begin + .seconds(second))
        }
        let line = status.line(at: begin + .seconds(4))
        #expect(line == "model.safetensors  4.00 MB of 10.0 MB  1.00 MB/s  6 s left")
    }

    @Test func whatWasThereDoesNotCountForTheRate() throws {
        var status = try status(.part(8_000_000))
        status.note(.received(second, bytes: 8_000_000), at: begin)
        status.note(.received(second, bytes: 8_500_000), at: begin + .seconds(1))
        #expect(status.line(at: begin + .seconds(1)) == "model.safetensors  8.50 MB of 10.0 MB  500 kB/s  3 s left")
    }

    @Test func theRateIsThatOfTheMoment() throws {
        var status = try status()
        for tenth in 0...100 {
            let bytes = tenth <= 20 ? tenth * 100_000 : 2_000_000 + (tenth - 20) * 10_000
            status.note(.received(second, bytes: bytes), at: begin + .milliseconds(tenth * 100))
        }
        #expect(status.line(at: begin + .seconds(10)).contains("  100 kB/s  "))
    }

    @Test func otherStages() throws {
        var status = try status()
        status.note(.shared(second, bytes: 5_000_000), at: begin)
        #expect(status.line(at: begin) == "model.safetensors  5.00 MB of 10.0 MB  another process fetches it")
        status.note(.checking(second, bytes: 4_999_500), at: begin)
        #expect(status.line(at: begin) == "model.safetensors  checking its hash, 50 %")
        status.note(.paused(second, HubError(.busy, "the hub answers 429"), .seconds(75)), at: begin)
        #expect(status.line(at: begin + .seconds(5)) == "the hub answers 429; again in 1 min 10 s")
    }

    @Test func beforeThereIsAPlan() {
        var status = PullStatus("a/b")
        status.note(.paused(nil, HubError(.unreachable, "hub takes no connection"), .seconds(2)), at: begin)
        #expect(status.line(at: begin) == "hub takes no connection; again in 2 s")
    }

    @Test(
        "How the program ends",
        arguments: [
            (HubError.Code.name, ProgramExit.usage), (.settings, .usage), (.offline, .unavailable),
            (.unreachable, .unavailable),
            (.busy, .tryAgain), (.inUse, .tryAgain), (.unauthorized, .notPermitted), (.gated, .notPermitted),
            (.diskSpace, .inputOutput), (.inputOutput, .inputOutput), (.cancelled, .interrupted),
            (.repositoryNotFound, .badInput),
            (.digest, .badInput), (.length, .badInput), (.notCached, .badInput), (.limit, .badInput),
        ])
    func exits(_ code: HubError.Code, _ status: ProgramExit) {
        #expect(CommandFailure(HubError(code, "x", hint: "y")) == CommandFailure(status, "x", hint: "y"))
    }
}
