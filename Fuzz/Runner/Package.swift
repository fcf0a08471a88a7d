// swift-tools-version: 6.2
// SPDX-License-Identifier: MIT
import PackageDescription

// A package of its own: what is built for fuzzing, everything instrumented, shares nothing with the program's build.
let package = Package(
    name: "boxwood-fuzz",
    dependencies: [.package(name: "boxwood", path: "../..")],
    targets: [
        .executableTarget(
            name: "boxwood-fuzz",
            dependencies: [.product(name: "BoxwoodFuzzTargets", package: "boxwood")],
            swiftSettings: [.swiftLanguageMode(.v6)])
    ],
    cxxLanguageStandard: .cxx17
)
