// SPDX-License-Identifier: MIT
import FuzzTargets

/// Changes inputs as libFuzzer does, without its knowledge of what a change reached: the same ones for the same seed.
struct Mutator {
    private let originals: [[UInt8]]
    private let words: [[UInt8]]
    private let longest: Int
    private var random: Seeded

    init(_ originals: [[UInt8]], _ target: FuzzTarget, seed: UInt64) {
        self.originals = originals
        words = target.words
        longest = target.longest
        random = Seeded(seed)
    }

    /// One of the originals with one to four changes.
    mutating func next() -> [UInt8] {
        var input = originals.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 1...4, using: &random) { change(&input) }
        return Array(input.prefix(longest))
    }

    private mutating func change(_ input: inout [UInt8]) {
        let place = Int.random(in: 0...input.count, using: &random)
        let end = min(input.count, place + Int.random(in: 1...16, using: &random))
        switch Int.random(in: 0..<9, using: &random) {
        case 0 where place < input.count: input[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1 where place < input.count: input[place] = UInt8.random(in: 0...255, using: &random)
        case 2: input.removeSubrange(place..<end)
        case 3: input.removeSubrange(place...)
        case 4: input.insert(contentsOf: input[place..<end], at: place)
        case 5: input.insert(contentsOf: words.randomElement(using: &random) ?? [0], at: place)
        case 6:
            // Over what is there, so that lengths stay right.
            let word = words.randomElement(using: &random) ?? [0]
            input.replaceSubrange(place..<min(input.count, place + word.count), with: word)
        case 7:
            let other = originals.randomElement(using: &random) ?? []
            input = Array(input[..<place] + other.suffix(Int.random(in: 0...other.count, using: &random)))
        default: input.insert(UInt8.random(in: 0...255, using: &random), at: place)
        }
    }
}

/// A small generator with a seed (Steele, Lea and Flood 2014, SplitMix64).
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
