// swift-tools-version: 6.2
// SPDX-License-Identifier: MIT
import PackageDescription

// A package of its own: what is built for fuzzing, everything instrumented, shares nothing with the program's build.
// The journal's target brings a database along, which takes as long to build as all the rest: only where it is asked for.
let hasJournal = Context.environment["BOXWOOD_FUZZ_JOURNAL"] != nil
let journal = Target.Dependency.product(name: "BoxwoodJournalFuzzTarget", package: "boxwood")

let package = Package(
    name: "boxwood-fuzz",
    dependencies: [.package(name: "boxwood", path: "../..")],
    targets: [
        .executableTarget(
            name: "boxwood-fuzz",
            dependencies: [.product(name: "BoxwoodFuzzTargets", package: "boxwood")] + (hasJournal ? [journal] : []),
            swiftSettings: [.swiftLanguageMode(.v6)] + (hasJournal ? [.define("JOURNAL")] : []))
    ],
    cxxLanguageStandard: .cxx17
)
