// SPDX-License-Identifier: MIT

import Grounding
import Inference
import Testing
import Tokenization

@Suite("Marking a caption's phrases", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
struct AlignmentGrammarTests {
    let tokenizer: Tokenizer
    let specials: SpecialTokens

    init() throws {
        tokenizer = try NanoModel.tokenizer()
        specials = tokenizer.specials
    }

    private func place(_ index: Int) -> Int { specials.patchIndexBase + index }

    private func allowed(_ grammar: AlignmentGrammar, _ generated: [Int], _ remaining: Int = 99) -> Set<Int> {
        guard case .only(let ids) = grammar.allowed(after: generated, remaining: remaining) else { return [-1] }
        return Set(ids)
    }

    @Test(
        "The words of a caption, without the punctuation around them, are where they are in it",
        arguments: [
            ("a dog", ["a", "dog"]), ("  a\t dog \n", ["a", "dog"]),
            ("A dog, (red) — \"wet\"!", ["A", "dog", "red", "wet"]),
            ("the dog's e-mail 3.5", ["the", "dog's", "e-mail", "3.5"]), ("...", []), ("", []),
            ("caf\u{E9} \u{FF21}\u{FF22}, \u{732B}", ["caf\u{E9}", "\u{FF21}\u{FF22},", "\u{732B}"]),
            ("<phrase>cat</phrase>", ["<phrase>cat</phrase>"]),
        ])
    func words(caption: String, expected: [String]) throws {
        let tokens = CaptionTokens(caption, tokenizer)
        let scalars = Array(caption.unicodeScalars)
        let words = tokens.words.map { String(String.UnicodeScalarView(scalars[$0.span])) }
        #expect(words.count == expected.count)
        for (word, whole) in zip(words, expected) where word != whole {
            // Where normalisation changes characters, a word keeps its punctuation.
            #expect(word.hasPrefix(whole) || whole.hasPrefix(word), "\(word)")
        }
        #expect(tokens.ids == tokenizer.encodePlain(caption))
        var end = 0
        for word in tokens.words {
            #expect(word.tokens.lowerBound >= end && !word.tokens.isEmpty && word.tokens.upperBound <= tokens.ids.count)
            end = word.tokens.upperBound
        }
    }

    @Test("A word's tokens spell it: closing punctuation is no part of it")
    func edges() throws {
        let tokens = CaptionTokens("a (dog), cat.", tokenizer)
        let spelled = tokens.words.map { tokenizer.decode(Array(tokens.ids[$0.tokens])) }
        #expect(spelled == ["a", "dog", "cat"])
        #expect(tokens.words.map(\.span) == [0..<1, 3..<6, 9..<12])
    }

    @Test("Phrases open and close at words only, are never empty, and do not nest")
    func phrases() throws {
        let caption = CaptionTokens("a dog.", tokenizer)
        let grammar = AlignmentGrammar(caption, specials: specials)
        let (ids, words) = (caption.ids, caption.words)
        #expect(allowed(grammar, []) == [ids[0], specials.phrase])
        #expect(allowed(grammar, [specials.phrase]) == [ids[0]])
        let first = [specials.phrase] + ids[words[0].tokens]
        #expect(allowed(grammar, first) == [ids[words[1].tokens.lowerBound], specials.endPhrase])
        // Behind the last word an open phrase must close: the full stop would leave it open.
        let whole = [specials.phrase] + ids[..<words[1].tokens.upperBound]
        #expect(allowed(grammar, whole) == [specials.endPhrase])
        #expect(allowed(grammar, Array(ids.dropLast())) == [ids.last!])
        let closed = first + [specials.endPhrase]
        let next = ids[words[1].tokens.lowerBound]
        #expect(allowed(grammar, closed) == [next, specials.phrase, specials.object])
    }

    @Test("In a box only what makes a box, whose corners are in order")
    func boxes() throws {
        let caption = CaptionTokens("dog", tokenizer)
        let grammar = AlignmentGrammar(caption, specials: specials)
        let open = [specials.phrase] + caption.ids + [specials.endPhrase]
        #expect(allowed(grammar, open) == [specials.object, specials.eos])
        let box = open + [specials.object]
        #expect(allowed(grammar, box) == Set(specials.patchIndices))
        let valid = (0..<1024).filter { LocationGrid.isValid(PatchPair(upperLeft: 500, lowerRight: $0)) }
        #expect(allowed(grammar, box + [place(500)]) == Set(valid.map(place)))
        let pair = box + [place(500), place(501)]
        #expect(allowed(grammar, pair) == [specials.endObject, specials.delimiter])
        #expect(grammar.isInBox(after: pair) && !grammar.isInBox(after: open))
        #expect(!grammar.isComplete(pair) && grammar.isComplete(pair + [specials.endObject]))
        #expect(!grammar.isComplete(open) && grammar.isComplete(open + [specials.eos]))
        #expect(grammar.isComplete(caption.ids))
    }

    @Test("No tag that would leave too few tokens for the rest, and no more phrases than the limit")
    func limits() throws {
        let caption = CaptionTokens("a dog", tokenizer)
        let count = caption.ids.count
        let grammar = AlignmentGrammar(caption, phrases: 1, specials: specials)
        #expect(allowed(grammar, [], count + 3).contains(specials.phrase))
        #expect(allowed(grammar, [], count + 2) == [caption.ids[0]])
        let closed = [specials.phrase] + caption.ids[caption.words[0].tokens] + [specials.endPhrase]
        let next = caption.ids[caption.words[1].tokens.lowerBound]
        #expect(allowed(grammar, closed) == [next, specials.object])
        let rest = count - caption.words[0].tokens.count
        #expect(allowed(grammar, closed, rest + 4).contains(specials.object))
        #expect(allowed(grammar, closed, rest + 3) == [next])
    }

    /// Any walk through the grammar ends with the caption, whole and with every phrase closed.
    @Test("Whatever is chosen, the caption is copied whole and every phrase is closed", arguments: 0..<60)
    func anyWalk(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let caption = CaptionTokens("An image of (two) dogs, a cat's \u{E9}t\u{E9}; and no tree!", tokenizer)
        let grammar = AlignmentGrammar(caption, phrases: 3, specials: specials)
        let most = caption.ids.count + Int(random.next() % 40)
        var generated: [Int] = []
        while !grammar.isComplete(generated) {
            let choices = allowed(grammar, generated, most - generated.count).sorted()
            try #require(!choices.isEmpty && generated.count < most)
            generated.append(choices[Int(random.next() % UInt64(choices.count))])
        }
        #expect(generated.filter { $0 < specials.mask && $0 != specials.eos } == caption.ids)
        let (opened, closed) = (
            generated.count { $0 == specials.phrase }, generated.count { $0 == specials.endPhrase }
        )
        #expect(opened == closed && opened <= 3)
        let steps = generated.map { _ in Generation.Step(probability: 1, allowedProbability: 1) }
        let chosen = grammar.chosen(in: Generation(ids: generated, steps: steps))
        #expect(chosen.count == opened)
        #expect(zip(chosen, chosen.dropFirst()).allSatisfy { $0.span.upperBound <= $1.span.lowerBound })
        let text = GroundedTextParser(.strict).parse(tokenizer.decode(generated, skippingSpecialTokens: true))
        #expect(text.entities.count == chosen.count { !$0.boxes.ids.filter { $0 != specials.eos }.isEmpty })
        #expect(text.warnings.isEmpty)
    }
}
