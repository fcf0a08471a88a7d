// SPDX-License-Identifier: MIT

import Grounding
import Inference
import Kosmos2
import Testing
import Tokenization

@Suite("Whose sequence is next")
struct SequenceTurnsTests {
    private typealias Share = SequenceTurns.Share
    private let each = SequenceRoom(rows: 1, bytes: 10)

    private func share(pending: Int, open: Int, _ each: SequenceRoom? = nil) -> Share {
        Share(pending: pending, open: open, each: each ?? self.each)
    }

    @Test("The job with the fewest, of equals the first")
    func fewest() {
        let free = SequenceRoom(rows: 5, bytes: 100)
        let shares = [share(pending: 9, open: 3), share(pending: 9, open: 1), share(pending: 1, open: 1)]
        #expect(SequenceTurns.next(shares, free: free, mayGrow: true) == 1)
        #expect(
            SequenceTurns.next([share(pending: 0, open: 0), share(pending: 1, open: 7)], free: free, mayGrow: true) == 1
        )
        #expect(SequenceTurns.next([share(pending: 0, open: 0)], free: free, mayGrow: true) == nil)
    }

    @Test("Who has none may always begin: room was kept for that")
    func kept() {
        let full = SequenceRoom()
        #expect(
            SequenceTurns.next([share(pending: 1, open: 1), share(pending: 1, open: 0)], free: full, mayGrow: false)
                == 1)
        #expect(SequenceTurns.next([share(pending: 1, open: 1)], free: full, mayGrow: true) == nil)
    }

    @Test("No job grows while another waits to be let in, nor beyond the room in either respect")
    func growth() {
        let shares = [share(pending: 1, open: 1)]
        #expect(SequenceTurns.next(shares, free: each, mayGrow: true) == 0)
        #expect(SequenceTurns.next(shares, free: each, mayGrow: false) == nil)
        #expect(SequenceTurns.next(shares, free: SequenceRoom(rows: 1, bytes: 9), mayGrow: true) == nil)
        #expect(SequenceTurns.next(shares, free: SequenceRoom(rows: 0, bytes: 90), mayGrow: true) == nil)
    }
}

@Suite("What an engine does next for newcomers")
struct AdmissionPolicyTests {
    private typealias Waiting = AdmissionPolicy.Waiting

    @Test("What is nearest to its end comes first, and what waits together goes together")
    func order() {
        var policy = AdmissionPolicy(prefixTokens: 67)
        #expect(policy.next(Waiting()) == nil)
        #expect(policy.next(Waiting(files: 3)) == .decodeFile)
        #expect(policy.next(Waiting(files: 1, pixels: 3)) == .decodeFile, "the vision tower waits for it")
        #expect(policy.next(Waiting(files: 1, pixels: 4)) == .vision(4))
        #expect(policy.next(Waiting(pixels: 2)) == .vision(2))
        #expect(policy.next(Waiting(files: 1, pixels: 2, prefixes: 2)) == .prefix(2))
        #expect(policy.next(Waiting(prefixes: 9)) == .prefix(AdmissionPolicy.passTokens / 67))
        var long = AdmissionPolicy(prefixTokens: 10_000)
        #expect(long.next(Waiting(prefixes: 2)) == .prefix(1))
    }

    @Test("Prompts and pictures take turns")
    func turns() {
        var policy = AdmissionPolicy(prefixTokens: 67)
        let both = Waiting(pixels: 1, hasPrompt: true)
        #expect(policy.next(both) == .prompts)
        #expect(policy.next(both) == .vision(1))
        #expect(policy.next(both) == .prompts)
        #expect(policy.next(Waiting(hasPrompt: true)) == .prompts)
    }

    @Test("A slice is bounded, and never empty")
    func slices() {
        func layers(_ rows: Int, _ decoding: Bool) -> Int {
            AdmissionPolicy.layers(1024, rows: rows, whileDecoding: decoding)
        }
        #expect(layers(257, true) == 3 && layers(1028, true) == 1 && layers(5000, true) == 1)
        #expect(layers(257, false) == 3 * AdmissionPolicy.idleFactor + 7)
    }
}

@Suite("Room for sequences", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
struct SequenceRoomTests {
    private static let options = GenerationOptions(maxNewTokens: 8)

    /// What one greedy answer to "a" takes: the prefix, and the prefix with prompt and answer.
    private func least(_ engine: Engine) throws -> Int {
        let prefix = engine.model.configuration.latents + 3
        return (2 * prefix + (try NanoModel.tokenizer().encode("a").count) + 8) * engine.model.cacheBytesPerToken
    }

    private func engine(bytes: Int) throws -> Engine {
        try NanoModel.engine(EngineOptions(sequenceCacheBytes: bytes))
    }

    @Test("Exactly enough is enough, and jobs that find no room wait for it")
    func waits() throws {
        let engine = try engine(bytes: try least(NanoModel.engine()))
        for index in 0..<3 {
            let image = try NanoModel.picture(shade: UInt8(index))
            _ = engine.submit(id: "\(index)", task: .generate(prompt: "a"), options: Self.options, image: image)
        }
        var ended: [EndedJob] = []
        while !engine.isIdle { ended += engine.advance() }
        #expect(try ended.map { try $0.outcome.get().id } == ["0", "1", "2"])
    }

    @Test("One byte less is too little for ever, and said so")
    func never() throws {
        let engine = try engine(bytes: try least(NanoModel.engine()) - 1)
        let error = try #require(throws: TaskError.self) {
            try engine.run(
                id: "a", task: .generate(prompt: "a"), options: Self.options, image: NanoModel.picture())
        }
        #expect(error.code == .resourceExhausted && error.message.contains("keys and values"))
        #expect(engine.isIdle)
        let shorter = try engine.run(
            id: "a", task: .generate(prompt: "a"), options: GenerationOptions(maxNewTokens: 7),
            image: NanoModel.picture())
        #expect(shorter.usage.generatedTokens > 0)
    }

    @Test("A beam search takes room for each beam, but may be wider than the batch")
    func beams() throws {
        let options = GenerationOptions(maxNewTokens: 4, decoding: .beam(width: 5))
        let engine = try NanoModel.engine(EngineOptions(batchSize: 2))
        let result = try engine.run(
            id: "a", task: .generate(prompt: "a"), options: options, image: NanoModel.picture())
        let usual = try NanoModel.engine().run(
            id: "a", task: .generate(prompt: "a"), options: options, image: NanoModel.picture())
        #expect(result.lasting == usual.lasting)
        let cramped = try self.engine(bytes: 2 * least(engine))
        #expect(throws: TaskError.self) {
            try cramped.run(id: "a", task: .generate(prompt: "a"), options: options, image: NanoModel.picture())
        }
    }
}
