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
        dependencies: [.byName(name: name), "TestSupport"] + dependencies,
        swiftSettings: house)
}

let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let collections = Target.Dependency.product(name: "Collections", package: "swift-collections")
let sqlite = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqliteFunctions = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let httpServer = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let httpServerCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let asyncAlgorithms = Target.Dependency.product(name: "AsyncAlgorithms", package: "swift-async-algorithms")
let networkCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let networkHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let networkPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")

let package = Package(
    name: "boxwood",
    products: [
        .executable(name: "boxwood", targets: ["boxwood"]),
        .library(name: "BoxwoodClient", targets: ["Client"]),
        // For Fuzz/, which builds it instrumented.
        .library(name: "BoxwoodFuzzTargets", targets: ["FuzzTargets"]),
        .library(name: "BoxwoodJournalFuzzTarget", targets: ["JournalFuzzTarget"]),
    ],
    // Exact, because the file of resolved versions is not kept: what is tested today is what is built tomorrow.
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-async-algorithms", exact: "1.1.4"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: ["FullFoundation"]),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        // Floor 0: C, each with exactly one Swift importer.
        .target(name: "CKernels"),
        .target(
            name: "CImageCodecs",
            linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png")]),
        .systemLibrary(name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),
        .target(name: "CSentencePiece", linkerSettings: [.linkedLibrary("sentencepiece")]),
        .systemLibrary(name: "CZeroMQ", pkgConfig: "libzmq", providers: [.apt(["libzmq3-dev"])]),

        // Floor 1: parts.
        room("Tensors", []),
        room("Kernels", ["Tensors", "CKernels"]),
        room("Checkpoints", ["Tensors"]),
        room("ModelHub", ["Checkpoints", httpClient, networkCore, networkHTTP, networkPosix, crypto]),
        room("Tokenization", ["CSentencePiece"]),
        room("Imaging", ["CImageCodecs", "CCairo"]),
        room("Grounding", []),
        room("Observability", []),

        // Floor 2: engine.
        room("Kosmos2", ["Kernels", "Checkpoints", "Tokenization", "Tensors"]),
        room("Inference", ["Kosmos2", "Tokenization", "Grounding", "Imaging", "Tensors", "Checkpoints", crypto]),

        // Floor 3: wire.
        room("Wire", ["Grounding", protobuf]),
        room("Messaging", ["CZeroMQ"]),

        // Floor 4: service.
        room("Journal", ["Wire", "Grounding", sqlite, sqliteFunctions, crypto]),
        room("Broker", ["Journal", "Wire", "Messaging", "Grounding", "Observability", protobuf, logging, collections]),
        room(
            "Worker", ["Wire", "Messaging", "Inference", "Kosmos2", "Imaging", "Grounding", "Observability", logging]),
        room(
            "ObservabilityHTTP",
            [
                "Observability", httpServer, httpServerCore, httpClient, httpTypes, logging, networkCore, networkHTTP,
                networkPosix,
            ]),
        room("Client", ["Wire", "Messaging", "Grounding", "Observability"]),

        // Floor 5: faces.
        .target(
            name: "Gateway",
            dependencies: [
                "Client", "Wire", "Grounding", "Observability", "ObservabilityHTTP", httpServer, httpServerCore,
                httpTypes,
                asyncAlgorithms, logging, networkCore, networkPosix,
            ],
            // Served as they are; the program looks for them beside itself.
            resources: [.copy("Playground")],
            swiftSettings: house),
        room(
            "BoxwoodCommands",
            [
                "Inference", "Kosmos2", "Kernels", "Checkpoints", "Tensors", "Imaging", "Grounding", "Wire",
                "Messaging",
                "Client", "Worker", "ModelHub", crypto, logging,
            ]),
        .executableTarget(
            name: "boxwood",
            dependencies: [
                "BoxwoodCommands", "Broker", "Journal", "Worker", "Client", "Inference", "Kosmos2", "Checkpoints",
                "Tensors", "Imaging", "Gateway", "Grounding", "Tokenization", "Wire", "Messaging", "Observability",
                "ObservabilityHTTP", "ModelHub", arguments, logging,
            ],
            swiftSettings: house),

        // Tests, mirroring Sources.
        .target(
            name: "TestSupport", dependencies: ["Tensors", "Checkpoints"], path: "Tests/TestSupport",
            swiftSettings: house),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Wire", "Grounding", "Checkpoints", "Tensors", "Kosmos2", "Imaging", "Tokenization", "Messaging",
                "Observability",
            ],
            path: "Tests/FuzzTargets",
            swiftSettings: house),
        .target(
            name: "JournalFuzzTarget", dependencies: ["FuzzTargets", "Journal", "Wire", "Grounding"],
            path: "Tests/JournalFuzzTarget", swiftSettings: house),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets", "JournalFuzzTarget"], swiftSettings: house),
        // A hub on this machine that can lie, break off and be slow.
        .target(name: "HubSupport", dependencies: [crypto], path: "Tests/HubSupport", swiftSettings: house),
        .target(
            name: "CollectorSupport", dependencies: [httpServer, httpTypes, logging, networkCore],
            path: "Tests/CollectorSupport",
            swiftSettings: house),
        tests(of: "Tensors"),
        tests(of: "Kernels"),
        tests(of: "Checkpoints", ["Tensors"]),
        tests(of: "ModelHub", ["HubSupport", "Checkpoints"]),
        tests(of: "Tokenization"),
        tests(of: "Imaging"),
        tests(of: "Grounding"),
        tests(of: "Kosmos2", ["Checkpoints", "Tensors", "Kernels"]),
        tests(of: "Inference", ["Grounding", "Imaging", "Kosmos2", "Checkpoints", "Tokenization", "Tensors"]),
        tests(of: "Observability"),
        tests(of: "ObservabilityHTTP", ["CollectorSupport", "Observability", logging]),
        tests(of: "Wire", ["Grounding"]),
        tests(of: "Messaging"),
        tests(of: "Journal", ["Wire", "Grounding"]),
        tests(of: "Broker", ["Journal", "Wire", "Messaging", "Grounding", "Observability", logging]),
        tests(of: "Worker", ["Wire", "Messaging", "Grounding", "Inference", "Imaging", "Observability", logging]),
        tests(of: "Client", ["Wire", "Messaging", "Grounding", "Broker", "Worker", "Inference", logging]),
        tests(
            of: "Gateway",
            [
                "Broker", "Client", "Wire", "Messaging", "Grounding", "ObservabilityHTTP", "Observability", httpTypes,
                logging,
            ]),
        tests(
            of: "BoxwoodCommands", ["Grounding", "Imaging", "Inference", "Kosmos2", "ModelHub", "Wire", logging]),
        // Workers and clients with numbered payloads, for `dev/soak.sh`.
        .executableTarget(
            name: "FaultPeers",
            dependencies: ["Client", "Worker", "Wire", "Grounding", "Inference", "Messaging", logging],
            path: "Tests/FaultPeers", swiftSettings: house),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "TestSupport", "CollectorSupport", "HubSupport", "Client", "Wire", "Grounding", "Imaging", "Inference",
                "Messaging",
                "Observability", "Worker", logging,
            ],
            swiftSettings: house),
    ],
    cxxLanguageStandard: .cxx17
)
