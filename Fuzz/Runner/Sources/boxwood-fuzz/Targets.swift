// SPDX-License-Identifier: MIT
import Foundation
import FuzzTargets

#if JOURNAL
    import JournalFuzzTarget

    private let targets = FuzzTarget.all + [.journal]
#else
    private let targets = FuzzTarget.all
#endif

/// - Returns: the target of that name; ends the program where there is none.
func target(_ name: String) -> FuzzTarget {
    targets.first { $0.name == name } ?? { fail("there is no target \"\(name)\"; there are \(targets.map(\.name))") }()
}

/// Each target's name and its longest input, on a line.
func listTargets() {
    for target in targets { print(target.name, target.longest) }
}

func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("boxwood-fuzz: \(message)\n".utf8))
    exit(2)
}
