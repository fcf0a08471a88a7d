// swift-tools-version: 6.2
// SPDX-License-Identifier: MIT
import PackageDescription

// The rooms that let strangers in, for dev/mutate-security.sh, which puts Sources and Tests beside a copy of this.
let package = Package(
    name: "boxwood",
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CZeroMQ", pkgConfig: "libzmq"),
        .target(name: "Tensors"),
        .target(name: "Checkpoints", dependencies: ["Tensors"]),
        .target(name: "TestSupport", dependencies: ["Tensors", "Checkpoints"], path: "Tests/TestSupport"),
        .target(name: "Grounding"),
        .target(name: "Observability"),
        .target(
            name: "Wire", dependencies: ["Grounding", .product(name: "SwiftProtobuf", package: "swift-protobuf")]),
        .target(name: "Messaging", dependencies: ["CZeroMQ"]),
        .target(
            name: "Journal",
            dependencies: [
                "Wire", "Grounding", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .target(
            name: "Broker",
            dependencies: [
                "Journal", "Wire", "Messaging", "Grounding", "Observability",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Collections", package: "swift-collections"),
            ]),
        .testTarget(name: "WireTests", dependencies: ["TestSupport", "Wire", "Grounding"]),
        .testTarget(name: "MessagingTests", dependencies: ["TestSupport", "Messaging"]),
        .testTarget(
            name: "BrokerTests",
            dependencies: [
                "TestSupport", "Broker", "Journal", "Wire", "Messaging", "Grounding", "Observability",
                .product(name: "Logging", package: "swift-log"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
