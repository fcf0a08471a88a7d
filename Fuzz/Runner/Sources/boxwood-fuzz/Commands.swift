// SPDX-License-Identifier: MIT
import Foundation
import FuzzTargets

#if JOURNAL
    import JournalFuzzTarget

    private let targets = FuzzTarget.all + [.journal]
#else
    private let targets = FuzzTarget.all
#endif

/// What the program does beside fuzzing: `list`, `words TARGET`, `seeds TARGET FOLDER`.
///
/// - Returns: whether the arguments were one of these.
func runCommand(_ arguments: [String]) throws -> Bool {
    switch (arguments.first, arguments.count) {
    case ("list", 1): for target in targets { print(target.name, target.longest) }
    case ("words", 2): print(dictionary(target(arguments[1])))
    case ("seeds", 3): try writeSeeds(target(arguments[1]), to: arguments[2])
    default: return false
    }
    return true
}

func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("boxwood-fuzz: \(message)\n".utf8))
    exit(2)
}

func target(_ name: String) -> FuzzTarget {
    targets.first { $0.name == name } ?? { fail("there is no target \"\(name)\"") }()
}

/// libFuzzer's form of a dictionary: a word on a line, in quotes, odd bytes as `\xHH`.
private func dictionary(_ target: FuzzTarget) -> String {
    target.words.map { word in
        let text = word.map { byte in
            let isPlain = (0x20...0x7E).contains(byte) && byte != 0x22 && byte != 0x5C
            let digits = String(byte, radix: 16, uppercase: true)
            return isPlain ? String(UnicodeScalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + digits
        }
        return "\"" + text.joined() + "\""
    }.joined(separator: "\n")
}

private func writeSeeds(_ target: FuzzTarget, to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for seed in try target.seeds() {
        try Data(seed.bytes).write(to: URL(fileURLWithPath: folder + "/" + seed.name))
    }
}
