// SPDX-License-Identifier: MIT
import Client
import Foundation
import Grounding
import Testing
import Wire

@Suite(
    "A service as a whole", .serialized,
    .enabled(if: BuiltProgram.exists, "the program is not built beside the tests"),
    .enabled(if: BuiltProgram.hasModel, "models/boxwood-nano is not here"))
struct ServiceTests {
    /// The worker that is in the middle of a job.
    private func busyWorker(_ service: RunningService) async throws -> ProtoWorkerState {
        var found: ProtoWorkerState?
        let isBusy = try await eventually {
            found = try await service.workers().first { $0.state == "busy" }
            return found != nil
        }
        try #require(isBusy, "no worker took the job")
        return found!
    }

    private func longJob(_ service: RunningService) async throws -> GroundingResult {
        try await service.client.detect(
            image: try Samples.png(), labels: Samples.manyLabels, options: GenerationOptions(threshold: 0),
            timeout: .seconds(120))
    }

    @Test("A worker killed in the middle of a stream: no entity comes twice, none is missing")
    func killStream() async throws {
        try await RunningService.use { service in
            var events: [GroundingEvent] = []
            var result: GroundingResult?
            let stream = service.client.stream(
                .detect(labels: Samples.manyLabels), image: try Samples.png(),
                options: GenerationOptions(threshold: 0), timeout: .seconds(120))
            for try await element in stream {
                switch element {
                case .event(let event):
                    events.append(event)
                    guard events.count == 1 else { continue }
                    Foundation.kill(Int32(try await busyWorker(service).pid), SIGKILL)
                case .result(let last): result = last
                }
            }
            #expect(result?.attempts == 2 && events.count > 1)
            #expect(events.compactMap(\.entity) == result?.entities)
            #expect(events.map(\.caption).joined() == result?.caption)
        }
    }

    @Test("What --stream prints is the result, line by line", arguments: [[], ["--local"]])
    func streamLines(options: [String]) async throws {
        let samples = try Samples()
        let task = ["caption", try samples.picture(), "--detailed", "--stream", "--json"] + options
        try await RunningService.use(workers: 1) { service in
            let outcome = options.isEmpty ? try await service.run(task) : try await BuiltProgram.run(task)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let lines = try outcome.output.split(separator: "\n").map { line in
                try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: [String: Any]])
            }
            let result = try #require(lines.last?["result"])
            let events = lines.dropLast().compactMap { $0["event"] }
            #expect(events.count == lines.count - 1 && !events.isEmpty)
            #expect(events.compactMap { $0["caption"] as? String }.joined() == result["caption"] as? String)
            let phrases = { (entities: [Any]) in entities.map { ($0 as? [String: Any])?["phrase"] as? String } }
            #expect(phrases(events.compactMap { $0["entity"] }) == phrases(result["entities"] as? [Any] ?? []))
        }
    }

    @Test("A worker killed in the middle of a job: the caller gets its answer, the worker comes back")
    func kill() async throws {
        try await RunningService.use { service in
            let before = Set(try await service.workers().map(\.pid))
            async let answer = longJob(service)
            let victim = try await busyWorker(service)
            Foundation.kill(Int32(victim.pid), SIGKILL)
            let result = try await answer
            #expect(result.attempts == 2)
            #expect(result.task == .detect)

            let isBack = try await eventually {
                let workers = try await service.workers()
                return workers.count == 2 && workers.allSatisfy { $0.pid != victim.pid }
            }
            #expect(isBack)
            let after = Set(try await service.workers().map(\.pid))
            #expect(after.intersection(before).count == 1, "the other worker was left alone")
            #expect(try await service.client.status().counters["jobs_redelivered_total"] == 1)
            #expect(try await service.client.status().counters["workers_lost_total"] == 1)
            // The same job again, undisturbed: the loss changed nothing of the answer.
            let again = try await longJob(service)
            #expect(again.attempts == 1)
            #expect(again.entities == result.entities && again.caption == result.caption)
        }
    }

    @Test("A worker killed with several jobs side by side: every caller gets the answer it would have got alone")
    func killSeveral() async throws {
        try await RunningService.use { service in
            let answers = Task {
                try await withThrowingTaskGroup(of: GroundingResult.self) { group in
                    for _ in 0..<6 { group.addTask { try await longJob(service) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
            }
            var victim: ProtoWorkerState?
            let isFull = try await eventually {
                victim = try await service.workers().first { $0.state == "busy" && $0.jobs > 1 }
                return victim != nil
            }
            try #require(isFull, "no worker has several jobs")
            Foundation.kill(Int32(victim!.pid), SIGKILL)
            let results = try await answers.value
            #expect(results.count == 6 && results.allSatisfy { $0.attempts <= 2 })
            #expect(results.count { $0.attempts == 2 } > 1)
            let alone = try await longJob(service)
            #expect(results.allSatisfy { $0.entities == alone.entities && $0.caption == alone.caption })
        }
    }

    @Test("A killed broker comes back at the same address, with its workers")
    func broker() async throws {
        try await RunningService.use { service in
            let workers = Set(try await service.workers().map { Int32($0.pid) })
            let broker = try #require(service.children.first { !workers.contains($0) })
            Foundation.kill(broker, SIGKILL)
            let isBack = try await eventually {
                guard !isAlive(broker), let status = try? await service.client.status() else { return false }
                return status.workers.count == 2
            }
            #expect(isBack)
            #expect(Set(try await service.workers().map { Int32($0.pid) }) == workers, "the workers stayed")
            let result = try await service.client.caption(image: try Samples.png())
            #expect(result.attempts == 1)
        }
    }

    @Test("SIGTERM ends everything that was started, with 0")
    func terminate() async throws {
        try await RunningService.use { service in
            let children = service.children
            #expect(children.count == 3)
            service.program.signal(SIGTERM)
            let outcome = await service.program.end()
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(children.allSatisfy { !isAlive($0) })
        }
    }

    @Test("SIGTERM lets a call that is under way finish")
    func drain() async throws {
        try await RunningService.use { service in
            async let answer = longJob(service)
            _ = try await busyWorker(service)
            service.program.signal(SIGTERM)
            do {
                let result = try await answer
                #expect(result.attempts == 1)
            } catch {
                Issue.record("\(error)\n\(service.program.errorsSoFar)")
            }
            #expect(await service.program.end().status == 0)
        }
    }

    @Test("A second signal does not wait")
    func interrupt() async throws {
        try await RunningService.use { service in
            let children = service.children
            let answer = Task { try? await longJob(service) }
            _ = try await busyWorker(service)
            service.program.signal(SIGINT)
            let isDraining = try await eventually { service.program.errorsSoFar.contains("stopping") }
            #expect(isDraining)
            service.program.signal(SIGINT)
            #expect(await service.program.end().status == 130)
            #expect(children.allSatisfy { !isAlive($0) })
            answer.cancel()
        }
    }

    @Test("When the supervisor is killed, what it started ends too")
    func orphans() async throws {
        try await RunningService.use { service in
            let children = service.children
            #expect(children.count == 3)
            service.program.signal(SIGKILL)
            let areGone = try await eventually(within: .seconds(20)) { children.allSatisfy { !isAlive($0) } }
            #expect(areGone)
        }
    }

    @Test("Status shows the workers and counts the calls")
    func status() async throws {
        try await RunningService.use { service in
            _ = try await service.client.caption(image: try Samples.png())
            let outcome = try await service.run(["status", "--json"])
            #expect(outcome.status == 0)
            #expect((outcome.json["workers"] as? [Any])?.count == 2)
            #expect((outcome.json["counters"] as? [String: Double])?["calls_finished_total"] == 1)
            let text = try await service.run(["status"])
            #expect(text.output.contains("worker-1") && text.output.contains("worker-2"))
        }
    }
}
