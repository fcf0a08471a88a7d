// SPDX-License-Identifier: MIT

import Checkpoints
import Kosmos2
import Tensors
import TestSupport
import Testing
import Tokenization

/// One sequence's memory: its room, its forks, and that what is forgotten leaves no trace.
@Suite("Key-value cache", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
struct KeyValueCacheTests {
    static let prompt = [0, 64, 7, 300, 12, 5]
    static let continuation = [9, 400, 33]

    /// Logits after the prompt and after each token of `tokens`.
    private func run(_ model: Kosmos2Model, _ cache: KeyValueCache, _ tokens: [Int]) -> [[Float]] {
        [model.prefill(tokens: Self.prompt, cache: cache)]
            + tokens.map { model.step(tokens: [$0], caches: [cache]).values.array }
    }

    @Test("It counts tokens and holds exactly its capacity")
    func capacity() throws {
        let model = try NanoModel.load()
        let cache = model.makeCache(capacity: Self.prompt.count + 1)
        #expect(cache.count == 0)
        _ = model.prefill(tokens: Self.prompt, cache: cache)
        #expect(cache.count == Self.prompt.count)
        _ = model.step(tokens: [9], caches: [cache])
        #expect(cache.count == cache.capacity)
        #expect(model.makeCache().capacity == model.configuration.text.maxPositions)
    }

    @Test("A token beyond its capacity stops the program")
    func beyondCapacity() async {
        await #expect(processExitsWith: .failure) {
            let model = try NanoModel.load()
            let cache = model.makeCache(capacity: 6)
            _ = model.prefill(tokens: [0, 64, 7, 300, 12, 5], cache: cache)
            _ = model.step(tokens: [9], caches: [cache])
        }
        await #expect(processExitsWith: .failure) {
            let model = try NanoModel.load()
            _ = model.prefill(tokens: [0, 64, 7, 300, 12, 5], cache: model.makeCache(capacity: 5))
        }
    }

    @Test("A cache that is used again gives the same bits as a new one")
    func reset() throws {
        let model = try NanoModel.load()
        let cache = model.makeCache(capacity: 32)
        _ = model.prefill(tokens: (100..<130).map { $0 }, cache: cache)
        cache.reset()
        #expect(cache.count == 0)
        let used = run(model, cache, Self.continuation)
        #expect(used == run(model, model.makeCache(capacity: 32), Self.continuation))
    }

    @Test("What is cut off is as if it had never been")
    func truncate() throws {
        let model = try NanoModel.load()
        let cache = model.makeCache(capacity: 32)
        let first = run(model, cache, Self.continuation)
        cache.truncate(to: Self.prompt.count)
        let again = Self.continuation.map { model.step(tokens: [$0], caches: [cache]).values.array }
        #expect(again == Array(first.dropFirst()))
        cache.truncate(to: Self.prompt.count)
        #expect(model.step(tokens: [10], caches: [cache]).values.array != first[1], "another token must tell")
    }

    @Test("A fork goes its own way and leaves the original alone")
    func fork() throws {
        let model = try NanoModel.load()
        let original = model.makeCache(capacity: 16)
        let whole = run(model, model.makeCache(capacity: 16), Self.continuation)
        _ = model.prefill(tokens: Self.prompt, cache: original)
        // A fork may have another capacity, as long as what is there fits.
        let fork = model.makeCache(capacity: Self.prompt.count + 1)
        fork.copy(from: original)
        #expect(fork.count == original.count)
        _ = model.step(tokens: [500], caches: [fork])
        let steps = Self.continuation.map { model.step(tokens: [$0], caches: [original]).values.array }
        #expect(steps == Array(whole.dropFirst()))
        fork.copy(from: fork)
        #expect(fork.count == Self.prompt.count + 1)
    }

    @Test("A fork without room for the original stops the program, as does a cut beyond the end")
    func misuse() async {
        await #expect(processExitsWith: .failure) {
            let model = try NanoModel.load()
            let cache = model.makeCache(capacity: 4)
            _ = model.prefill(tokens: [0, 5, 6], cache: cache)
            model.makeCache(capacity: 2).copy(from: cache)
        }
        await #expect(processExitsWith: .failure) {
            try NanoModel.load().makeCache(capacity: 4).truncate(to: 1)
        }
    }

    @Test("A prompt in pieces gives the same bits as in one", arguments: 1..<6)
    func pieces(first: Int) throws {
        let model = try NanoModel.load()
        let whole = run(model, model.makeCache(capacity: 16), [])[0]
        let cache = model.makeCache(capacity: 16)
        _ = model.prefill(tokens: Array(Self.prompt.prefix(first)), cache: cache)
        let pieces = model.prefill(tokens: Array(Self.prompt.dropFirst(first)), cache: cache)
        #expect(pieces == whole)
    }

    @Test("Prompts that are prefilled together, a layer at a time, get what they get alone")
    func together() throws {
        let model = try NanoModel.load()
        let prompts = [[0, 64, 7], [0], [300, 12, 5, 9, 400, 33], [5, 5]]
        let alone = prompts.map { model.prefill(tokens: $0, cache: model.makeCache(capacity: 8)) }
        let caches = prompts.map { _ in model.makeCache(capacity: 8) }
        let pass = model.decoderPass(zip(prompts, caches).map { .init($0, cache: $1) })
        while !pass.isDone {
            #expect(caches.allSatisfy { $0.count == 0 }, "nothing counts before the last layer")
            pass.advance(layers: 1)
        }
        #expect(caches.map(\.count) == prompts.map(\.count))
        let logits = pass.logits().values
        for row in prompts.indices {
            #expect(Array(UnsafeBufferPointer(start: logits.row(row), count: logits.shape[1])) == alone[row])
        }
    }

    @Test("Logits of tags alone have the bits that they have among all", arguments: Precision.allCases)
    func tags(precision: Precision) throws {
        let model = try Kosmos2Model(
            checkpoint: Checkpoint(folder: NanoModel.folder), threads: 1, precision: precision)
        let caches = (0..<6).map { _ in model.makeCache(capacity: 8) }
        for (row, cache) in caches.enumerated() { _ = model.prefill(tokens: [0, 64 + row], cache: cache) }
        let pass = model.decoderPass(caches.enumerated().map { .init([300 + $0], cache: $1) })
        pass.finish()
        let (all, tags) = (pass.logits(), pass.logits(.tags))
        #expect(all.firstToken == 0 && tags.firstToken > 0 && tags.firstToken <= model.tokenizer.specials.mask)
        let end = tags.firstToken..<model.configuration.text.vocabulary
        #expect(tags.values.shape == [6, end.count])
        for row in 0..<6 {
            let expected = end.map { all.values.row(row)[$0] }
            #expect((0..<end.count).map { tags.values.row(row)[$0] } == expected)
        }
    }

    @Test("Pictures that are encoded together, a layer at a time, get what they get alone")
    func pictures() throws {
        let model = try NanoModel.load()
        let side = model.configuration.vision.imageSize
        let pixels = (1...3).map { picture in
            (0..<3 * side * side).map { Float(($0 * picture) % 251) / 125 - 1 }
        }
        let pass = model.visionPass(pixels)
        while !pass.isDone { pass.advance(layers: 1) }
        #expect(pass.embeddings.map(\.array) == pixels.map { model.encodeImage($0).array })
        #expect(pass.embeddings[0].array != pass.embeddings[1].array)
    }

    @Test("A batch in any order gives each sequence what it gets alone")
    func batch() throws {
        let model = try NanoModel.load()
        let prompts = (1...11).map { length in (0..<length).map { ($0 * 37 + length * 101) % 1200 } }
        let caches = prompts.map { prompt in
            let cache = model.makeCache(capacity: 16)
            _ = model.prefill(tokens: prompt, cache: cache)
            return cache
        }
        let alone = caches.indices.map { row in
            let fork = model.makeCache(capacity: 16)
            fork.copy(from: caches[row])
            return model.step(tokens: [row + 40], caches: [fork]).values.array
        }
        let rows = Array(caches.indices.reversed())
        let together = model.step(tokens: rows.map { $0 + 40 }, caches: rows.map { caches[$0] }).values
        for (place, row) in rows.enumerated() {
            let values = UnsafeBufferPointer(start: together.row(place), count: together.shape[1])
            #expect(Array(values) == alone[row], "sequence \(row)")
            #expect(caches[row].count == prompts[row].count + 1)
        }
    }

    @Test("Progress moves with every layer and every token")
    func progress() throws {
        let model = try NanoModel.load()
        let (text, vision) = (model.configuration.text, model.configuration.vision)
        let start = model.progress.value
        _ = model.encodeImage([Float](repeating: 0, count: 3 * vision.imageSize * vision.imageSize))
        let seen = model.progress.value
        #expect(seen - start == UInt64(vision.layers))
        let cache = model.makeCache(capacity: 8)
        _ = model.prefill(tokens: Self.prompt, cache: cache)
        let read = model.progress.value
        #expect(read - seen == UInt64(text.layers))
        _ = model.step(tokens: [9], caches: [cache])
        #expect(model.progress.value - read == UInt64(text.layers + 1))
    }
}
