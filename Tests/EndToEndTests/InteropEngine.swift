// SPDX-License-Identifier: MIT
import Foundation
import Grounding
import Inference
import Wire
import Worker

/// The engine of `protocol/interop.md`, which does what the question's first word says.
final class InteropEngine: JobRunner {
    private struct Sleeper {
        let job: RunnerJob
        let wakes: ContinuousClock.Instant
        let answer: String
    }

    /// Tells of one thing after the other.
    private struct Teller {
        let job: RunnerJob
        let begin: ContinuousClock.Instant
        let count: Int
        var told = 0

        var things: Int { min(count, 1 + Int(begin.duration(to: .now) / .milliseconds(20))) }
    }

    private var sleepers: [Sleeper] = []
    private var tellers: [Teller] = []
    private var settled: [(job: Wire.Dispatch, outcome: Result<GroundingResult, RPCStatus>)] = []
    private var stopped = 0
    private var counts: [String: Int] = [:]

    let model = ModelIdentity(name: "interop", revision: "0", precision: "f32")
    var imageLimits: WireImageLimits { WireImageLimits() }
    var progress: @Sendable () -> UInt64 { { 0 } }

    func start(_ job: RunnerJob) {
        guard case .ask(let question, _) = job.request.task else {
            return settle(job, .failure(RPCStatus(.unimplemented, "this engine knows Ask alone")))
        }
        let (verb, rest) = Self.cut(question)
        switch verb {
        case "sleep": sleep(job, milliseconds: Int(rest) ?? 0, "slept")
        case "tell": tellers.append(Teller(job: job, begin: .now, count: Int(rest) ?? 0))
        case "count":
            counts[rest, default: 0] += 1
            sleep(job, milliseconds: 200, "\(counts[rest]!)")
        default: settle(job, reply(to: verb, rest, job).map { result(job, $0) })
        }
    }

    func advance() -> [(job: Wire.Dispatch, outcome: Result<GroundingResult, RPCStatus>)] {
        if settled.isEmpty { Thread.sleep(forTimeInterval: 0.001) }
        let now = ContinuousClock.now
        for job in sleepers.map(\.job) + tellers.map(\.job) {
            let isLate = job.cancellation.deadline.map { now >= $0 } ?? false
            guard job.cancellation.isCancelled || isLate else { continue }
            stopped += 1
            // Its clock and the broker's pass the deadline at moments of their own: either may be heard first.
            settle(job, .failure(RPCStatus(isLate ? .deadlineExceeded : .cancelled, "stopped")))
        }
        for teller in tellers where teller.told >= teller.count {
            let (caption, entities) = Self.things(teller.count)
            settle(teller.job, .success(result(teller.job, caption, entities)))
        }
        for sleeper in sleepers {
            if now >= sleeper.wakes {
                settle(sleeper.job, .success(result(sleeper.job, sleeper.answer)))
            }
        }
        defer { settled = [] }
        return settled
    }

    func news() -> [JobNews] {
        tellers.indices.compactMap { index in
            let things = tellers[index].things
            guard things > tellers[index].told else { return nil }
            tellers[index].told = things
            let (caption, entities) = Self.things(things)
            return JobNews(job: tellers[index].job.dispatch, caption: caption, entities: entities)
        }
    }

    private static func things(_ count: Int) -> (caption: String, entities: [Entity]) {
        var (caption, entities) = ("", [Entity]())
        for number in 0..<count {
            if number > 0 { caption += " " }
            let phrase = "thing \(number)"
            let start = caption.unicodeScalars.count
            caption += phrase
            entities.append(
                Entity(
                    phrase: phrase, span: start..<caption.unicodeScalars.count, source: .model, boxes: []))
        }
        return (caption, entities)
    }

    private func sleep(_ job: RunnerJob, milliseconds: Int, _ answer: String) {
        sleepers.append(Sleeper(job: job, wakes: .now + .milliseconds(milliseconds), answer: answer))
    }

    private func settle(_ job: RunnerJob, _ outcome: Result<GroundingResult, RPCStatus>) {
        sleepers.removeAll { $0.job.dispatch == job.dispatch }
        tellers.removeAll { $0.job.dispatch == job.dispatch }
        settled.append((job.dispatch, outcome))
    }

    private func reply(to verb: String, _ rest: String, _ job: RunnerJob) -> Result<String, RPCStatus> {
        switch verb {
        case "echo": .success(rest)
        case "size": .success("\(job.image.count) \(job.image.reduce(0) { $0 + Int($1) })")
        case "large": .success(String(repeating: "x", count: Int(rest) ?? 0))
        case "metadata":
            .success(job.metadata.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " "))
        case "running": .success("\(sleepers.count + tellers.count)")
        case "stopped": .success("\(stopped)")
        case "special": .failure(RPCStatus(.aborted, "\t\nblanks \r\nand \u{263A} and \u{1F608}\t\n"))
        case "fail": .failure(Self.failure(rest))
        default: .failure(RPCStatus(.invalidArgument, "this engine does not know \(verb)"))
        }
    }

    private static func failure(_ words: String) -> RPCStatus {
        let (name, message) = cut(words)
        let code = StatusCode.allCases.first { $0.name == name } ?? .internal
        return RPCStatus(
            code, message,
            violations: code == .invalidArgument ? [FieldViolation("question", "asks for it")] : [])
    }

    /// The first word, and the rest behind one blank.
    private static func cut(_ text: String) -> (String, String) {
        let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }

    private func result(_ job: RunnerJob, _ caption: String, _ entities: [Entity] = [])
        -> GroundingResult
    {
        GroundingResult(
            id: job.id, task: .ask, model: model,
            image: ImageDescription(width: 1, height: 1, sha256: "", orientation: 1), caption: caption,
            entities: entities, text: "", finishReason: .stop)
    }
}
