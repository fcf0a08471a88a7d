// swift-tools-version: 6.2
// SPDX-License-Identifier: MIT
import PackageDescription

/// Every Swift target of the house is built the same way: Swift 6 mode, no warning left standing.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// One room: a Swift target under `Sources/`.
func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: house)
}

/// The tests of one room, in the folder that mirrors it.
func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.byName(name: name)] + dependencies,
        swiftSettings: house)
}

let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let collections = Target.Dependency.product(name: "Collections", package: "swift-collections")
let sqlite = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

let package = Package(
    name: "boxwood",
    products: [],
    // Exact, because the file of resolved versions is not kept: what is tested today is what is built tomorrow.
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CZeroMQ", pkgConfig: "libzmq", providers: [.apt(["libzmq3-dev"])]),
        room("Grounding", []),
        room("Wire", ["Grounding", protobuf]),
        room("Messaging", ["CZeroMQ"]),
        room("Journal", ["Wire", "Grounding", sqlite, crypto]),
        room("Broker", ["Journal", "Wire", "Messaging", "Grounding", protobuf, logging, collections]),
        room("Client", ["Wire", "Messaging", "Grounding"]),
        tests(of: "Wire", ["Grounding"]),
        tests(of: "Journal", ["Wire", "Grounding"]),
        tests(of: "Broker", ["Journal", "Wire", "Messaging", "Grounding", logging]),
    ],
    cxxLanguageStandard: .cxx17
)
