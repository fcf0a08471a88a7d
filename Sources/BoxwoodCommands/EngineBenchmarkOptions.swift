// SPDX-License-Identifier: MIT
import Grounding
package import Inference

/// What `bench engine` is asked to measure.
package struct EngineBenchmarkOptions: Sendable {
    package var modelFolder: String
    package var engine: EngineOptions
    /// Sequences that are decoded side by side, each of a picture of its own.
    package var batch: Int
    /// Tokens of each sequence, the prompt's own first answer included.
    package var tokens: Int
    /// Labels of the `detect` that is measured as well; 0 leaves that out.
    package var labels: Int
    package var repeats: Int
    /// How many jobs side by side are measured as well, each number by itself; empty leaves that out.
    package var jobs: [Int]
    /// The bytes of a JPEG or PNG file; `nil` for a picture made up.
    package var picture: [UInt8]?

    package static let defaultTokens = 32
    package static let defaultRepeats = 3
    package static let batches = 1...64
    /// One token alone would leave no step to time.
    package static let tokenCounts = 2...TaskLimits.maxNewTokens.upperBound
    package static let labelCounts = 0...TaskLimits.labels
    package static let repeatCounts = 1...100
    package static let jobCounts = 1...64

    package init(
        modelFolder: String, engine: EngineOptions = EngineOptions(), batch: Int = 1, tokens: Int = Self.defaultTokens,
        labels: Int = 0, repeats: Int = Self.defaultRepeats, jobs: [Int] = [],
        picture: [UInt8]? = nil
    ) {
        self.modelFolder = modelFolder
        self.engine = engine
        self.batch = batch
        self.tokens = tokens
        self.labels = labels
        self.repeats = repeats
        self.jobs = jobs
        self.picture = picture
    }

    /// The first number outside its range, in words; `nil` where all are inside.
    package static func fault(batch: Int, tokens: Int, labels: Int, repeats: Int, jobs: [Int] = []) -> String? {
        let numbers =
            [
                ("--batch", batch, batches), ("--tokens", tokens, tokenCounts), ("--labels", labels, labelCounts),
                ("--repeats", repeats, repeatCounts),
            ] + jobs.map { ("--jobs", $0, jobCounts) }
        return numbers.first { !$0.2.contains($0.1) }.map { "\($0.0) is \($0.2.lowerBound) to \($0.2.upperBound)" }
    }

    /// Names to look for, all of two words.
    package static func labels(_ count: Int) -> [String] {
        let colors = ["red", "green", "blue", "white", "black", "yellow", "orange", "purple", "brown", "gray"]
        let things = ["cat", "dog", "car", "tree", "house", "person", "ball", "chair", "table", "bird"]
        return (0..<count).map { index in
            let pair = "\(colors[index % 10]) \(things[index / 10 % 10])"
            return index < 100 ? pair : "\(pair) \(index / 100)"
        }
    }
}
