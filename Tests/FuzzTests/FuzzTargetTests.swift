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

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fuzz")

    private static func corpus(_ target: FuzzTarget) -> URL { folder.appending(path: "corpus/\(target.name)") }
    private static func words(_ target: FuzzTarget) -> URL { folder.appending(path: "words/\(target.name).dict") }

    private static func kept(_ target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        let folder = corpus(target)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { name in
            (name, Array(try Data(contentsOf: folder.appending(path: name))))
        }
    }

    /// For `dev/fuzz.sh --seeds`.
    private static func write(_ target: FuzzTarget) throws {
        let folder = corpus(target)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, _) in try kept(target) where !name.hasPrefix("found-") {
            try FileManager.default.removeItem(at: folder.appending(path: name))
        }
        for seed in try target.seeds() { try Data(seed.bytes).write(to: folder.appending(path: seed.name)) }
        try Data(target.dictionary.utf8).write(to: words(target))
    }

    @Test("What is kept is the seeds, what was found, and the words", arguments: targets.map(\.name))
    func seeds(name: String) throws {
        let target = try #require(Self.targets.first { $0.name == name })
        if ProcessInfo.processInfo.environment["BOXWOOD_WRITE_SEEDS"] != nil { try Self.write(target) }
        let kept = Dictionary(uniqueKeysWithValues: try Self.kept(target).map { ($0.name, $0.bytes) })
        let seeds = try target.seeds()
        for seed in seeds {
            #expect(kept[seed.name] == seed.bytes, "\(seed.name): dev/fuzz.sh --seeds writes them anew")
        }
        #expect(Set(kept.keys.filter { !$0.hasPrefix("found-") }) == Set(seeds.map(\.name)))
        #expect(kept.values.allSatisfy { $0.count <= target.longest }, "inputs are no longer than is tried")
        #expect(try Array(Data(contentsOf: Self.words(target))) == Array(target.dictionary.utf8))
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
        #expect(taken > 10, "\(taken) of \(target.runs) inputs were taken")
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
