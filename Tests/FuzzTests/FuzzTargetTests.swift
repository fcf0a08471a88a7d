// SPDX-License-Identifier: MIT
import Foundation
import FuzzTargets
import JournalFuzzTarget
import Testing

/// Every target on its seeds, on the inputs that are kept, and on a fixed number of changed ones. `dev/fuzz.sh` runs the
/// same functions instrumented, for as long as one likes.
@Suite("Fuzz targets")
struct FuzzTargetTests {
    private static let targets = FuzzTarget.all + [.journal]

    private static let corpus = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fuzz/corpus")

    private static func kept(_ target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        let folder = corpus.appending(path: target.name)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { name in
            (name, Array(try Data(contentsOf: folder.appending(path: name))))
        }
    }

    @Test("The kept inputs are the seeds, and what was found", arguments: targets.map(\.name))
    func seeds(name: String) throws {
        let target = try #require(Self.targets.first { $0.name == name })
        let kept = Dictionary(uniqueKeysWithValues: try Self.kept(target).map { ($0.name, $0.bytes) })
        for seed in try target.seeds() {
            #expect(kept[seed.name] == seed.bytes, "\(seed.name): write them anew with dev/fuzz.sh --seeds")
        }
        #expect(kept.values.allSatisfy { $0.count <= target.longest }, "inputs are small")
        #expect(Set(kept.keys.filter { !$0.hasPrefix("found-") }) == Set(try target.seeds().map(\.name)))
    }

    @Test("Every promise holds", arguments: targets.map(\.name))
    func promises(name: String) throws {
        let target = try #require(Self.targets.first { $0.name == name })
        let kept = try Self.kept(target)
        var taken = 0
        for (name, bytes) in kept { taken += Self.take(bytes, target, "the kept \(name)") ? 1 : 0 }
        var mutator = Mutator(kept.map(\.bytes), target, seed: 1)
        for number in 0..<target.runs {
            taken += Self.take(mutator.next(), target, "input \(number)") ? 1 : 0
        }
        // A target that sees nothing but refusals looks past what it is for.
        #expect(taken > target.runs / 50, "\(taken) of \(target.runs) inputs were taken")
    }

    private static func take(_ input: [UInt8], _ target: FuzzTarget, _ what: String) -> Bool {
        do throws(BrokenPromise) {
            return try target.check(input)
        } catch {
            Issue.record("\(target.name), \(what), \(Data(input).base64EncodedString()): \(error)")
            return false
        }
    }
}
