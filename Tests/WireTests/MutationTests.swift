// SPDX-License-Identifier: MIT
import Grounding
import Testing
import Wire

/// Damaged messages end in a message or in a typed refusal, never in a trap.
struct MutationTests {
    @Test(arguments: 0..<8 as Range<UInt64>)
    func damagedFramesNeverTrap(_ seed: UInt64) {
        var random = SplitMix(state: seed)
        let originals =
            WireEncoding.allCases.flatMap { encoding in
                Samples.requests.map { $0.frames(encoding) } + Samples.replies.map { $0.frames(encoding) }
                    + Samples.workerMessages.map { $0.frames(encoding) } + Samples.orders.map { $0.frames(encoding) }
            }
        var refused = 0
        for round in 0..<3000 {
            let frames = Self.damage(originals[round % originals.count], &random)
            refused +=
                [
                    (try? ClientMessage(frames: frames)) == nil, (try? BrokerReply(frames: frames)) == nil,
                    (try? WorkerMessage(frames: frames)) == nil, (try? BrokerOrder(frames: frames)) == nil,
                ].filter { $0 }.count
        }
        // Each message belongs to one reader, at most two: the others refuse it damaged or not.
        #expect(refused >= 3000 * 2)
        #expect(refused < 3000 * 4)
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func damagedBodiesNeverTrap(_ seed: UInt64) {
        var random = SplitMix(state: seed)
        var read = 0
        for round in 0..<2000 {
            let encoding = WireEncoding.allCases[round % 2]
            let request = Samples.tasks[round / 2 % Samples.tasks.count]
            let body = Self.damage([request.body(encoding)], &random).first ?? []
            for name in GroundingTask.Name.allCases where (try? TaskRequest(task: name, body: body)) != nil {
                read += 1
            }
            let result = Self.damage([Samples.result.body(encoding)], &random).first ?? []
            if let result = try? GroundingResult(body: result) { read += ResultJSON.compact(result).isEmpty ? 0 : 1 }
        }
        #expect(read > 0)
    }

    /// Flips, cuts, repeats and drops bytes and frames.
    private static func damage(_ frames: [[UInt8]], _ random: inout SplitMix) -> [[UInt8]] {
        var frames = frames
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            guard let index = frames.indices.randomElement(using: &random) else { return frames }
            let position = Int.random(in: 0...frames[index].count, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0...3 where position < frames[index].count:
                frames[index][position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 4: frames[index] = Array(frames[index].prefix(position))
            case 5: frames[index].insert(UInt8.random(in: 0...255, using: &random), at: position)
            case 6 where frames.count > 1: frames.remove(at: index)
            case 7 where frames.count > 1: frames.insert(frames[index], at: index)
            default: frames[index] += frames[index].suffix(position)
            }
        }
        return frames
    }
}

/// A small generator, so that a failure can be run again by its seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
