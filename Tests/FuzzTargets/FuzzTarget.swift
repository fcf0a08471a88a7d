// SPDX-License-Identifier: MIT

/// One door through which bytes of strangers come in, and what is promised of whatever comes.
///
/// The same function is run by libFuzzer, for hours, and by the ordinary tests, on a fixed number of inputs.
public struct FuzzTarget: Sendable {
    public let name: String
    /// The longest input worth trying, in bytes.
    public let longest: Int
    /// How many changed inputs the ordinary tests try.
    public let runs: Int
    /// Words that inputs are made of: tags, keys, magic bytes.
    public let words: [[UInt8]]
    /// Inputs to begin with, by name; made of the project's own conversations, pictures and files.
    public let seeds: @Sendable () throws -> [(name: String, bytes: [UInt8])]
    /// Whether the input was taken; refusing it is as good.
    public let check: @Sendable ([UInt8]) throws(BrokenPromise) -> Bool

    package init(
        _ name: String, longest: Int = 4096, runs: Int = 2000, words: [String] = [], bytes: [[UInt8]] = [],
        seeds: @escaping @Sendable () throws -> [(name: String, bytes: [UInt8])],
        check: @escaping @Sendable ([UInt8]) throws(BrokenPromise) -> Bool
    ) {
        self.name = name
        self.longest = longest
        self.runs = runs
        self.words = words.map { Array($0.utf8) } + bytes
        self.seeds = seeds
        self.check = check
    }
}

/// Something that has to hold for every input, and did not.
public struct BrokenPromise: Error, CustomStringConvertible {
    public let description: String

    package init(_ promise: String, _ found: String = "") {
        description = found.isEmpty ? promise : "\(promise): \(found)"
    }
}

/// Says what does not hold.
package func promise(
    _ holds: Bool, _ what: String, _ found: @autoclosure () -> String = ""
) throws(BrokenPromise) {
    if !holds { throw BrokenPromise(what, found()) }
}
