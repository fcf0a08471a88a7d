// SPDX-License-Identifier: MIT
import Client
import Foundation
import Messaging
import Testing
import Wire

/// Peers that do not keep to any protocol, at a broker in a process of its own. While each of them does its worst, a client
/// that does keep to it is answered.
@Suite(
    "Hostile peers", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: BuiltProgram.exists, "the program is not built beside the tests"))
struct HostilePeerTests {
    /// Something that a stranger says, whether the broker ends the connection for it, and what it counts.
    struct Attack: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        var counter = "handshakes_malformed_total"
        /// How long the broker may take to end the connection, in seconds; `nil` where it need not.
        var endsWithin: Double? = 8

        init(_ name: String, _ bytes: [UInt8], counter: String = "handshakes_malformed_total", within: Double? = 8) {
            testDescription = name
            self.bytes = bytes
            self.counter = counter
            endsWithin = within
        }
    }

    private static func noise(_ count: Int) -> [UInt8] {
        var state: UInt64 = 42
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
    }

    private static let unfinished = "handshakes_unfinished_total"

    static let attacksWithoutKeys = [
        Attack("silence", [], counter: unfinished),
        Attack("half a greeting", Array(ZMTP.greeting().prefix(30)), counter: unfinished),
        Attack("a greeting and nothing more", ZMTP.greeting(), counter: unfinished),
        Attack("half a READY", ZMTP.greeting() + ZMTP.ready().prefix(12), counter: unfinished),
        Attack("noise in the place of a READY", ZMTP.greeting() + [0x04, 200] + noise(200)),
        Attack("a message before READY", ZMTP.greeting() + ZMTP.message([[1], [2]])),
        Attack("PLAIN", ZMTP.greeting("PLAIN") + noise(100)),
        Attack("CURVE", ZMTP.greeting("CURVE") + noise(200)),
        Attack("no mechanism there is", ZMTP.greeting("FREE-FOR-ALL") + noise(10)),
        Attack("a PUB", ZMTP.greeting() + ZMTP.ready(socketType: "PUB"), counter: "connections_accepted_total"),
    ]

    static let attacksWithKeys = [
        Attack("silence", [], counter: unfinished),
        Attack("half a greeting", Array(ZMTP.greeting("CURVE").prefix(30)), counter: unfinished),
        Attack("a greeting and nothing more", ZMTP.greeting("CURVE"), counter: unfinished),
        Attack("NULL", ZMTP.greeting() + ZMTP.ready()),
        Attack("PLAIN", ZMTP.greeting("PLAIN") + ZMTP.command([5] + Array("HELLO".utf8) + [1, 65, 1, 66])),
        Attack("a HELLO of noise", ZMTP.greeting("CURVE") + ZMTP.command([5] + Array("HELLO".utf8) + noise(194))),
        Attack("a HELLO that is too short", ZMTP.greeting("CURVE") + ZMTP.command([5] + Array("HELLO".utf8))),
        Attack("an INITIATE first", ZMTP.greeting("CURVE") + ZMTP.command([8] + Array("INITIATE".utf8) + noise(240))),
        Attack("a READY with somebody's name", ZMTP.greeting("CURVE") + ZMTP.ready([("User-Id", "admin")])),
    ]

    /// Asks for the broker's health again and again while `body` runs; every answer must be that it serves.
    private func stayingWell(
        _ broker: RunningBroker, _ credential: Credential? = nil, _ body: () async throws -> Void
    ) async throws {
        let client = try broker.client(credential)
        let asking = Task { () -> Int in
            var answers = 0
            while !Task.isCancelled {
                let status = try await client.health(timeout: .seconds(30))
                #expect(status == .serving)
                answers += 1
            }
            return answers
        }
        defer { asking.cancel() }
        try await body()
        // One that begins when all is said and done.
        #expect(try await client.health(timeout: .seconds(30)) == .serving)
        asking.cancel()
        let result = await asking.result
        if case .success(let answers) = result { #expect(answers > 0) }
        if case .failure(let error as RPCStatus) = result { #expect(error.code == .cancelled, "\(error)") }
    }

    private func run(_ attacks: [Attack], on broker: RunningBroker, admin: Credential?) async throws {
        let client = try broker.client(admin)
        for endpoint in [broker.front, broker.back] {
            for attack in attacks {
                let before = try await client.status().counters[attack.counter] ?? 0
                let peer = try RawPeer(endpoint)
                peer.send(attack.bytes)
                if let limit = attack.endsWithin {
                    #expect(peer.isEnded(within: limit), "\(attack) at \(endpoint) is still connected")
                }
                let isCounted = try await eventually(within: .seconds(10)) {
                    try await client.status().counters[attack.counter] ?? 0 > before
                }
                #expect(isCounted, "\(attack) at \(endpoint) is not in \(attack.counter)")
            }
        }
    }

    @Test("Everything that is no greeting, at a broker without keys")
    func withoutKeys() async throws {
        try await RunningBroker.use { broker in
            try await stayingWell(broker) { try await run(Self.attacksWithoutKeys, on: broker, admin: nil) }
        }
    }

    @Test("Everything that is no greeting, and every other mechanism, at a broker with keys")
    func withKeys() async throws {
        let keys = try TemporaryKeys()
        let alice = try keys.folder.make(.client, "alice")
        let admin = try keys.folder.make(.admin, "root")
        try await RunningBroker.use(keys: keys.folder) { broker in
            try await stayingWell(broker, alice) { try await run(Self.attacksWithKeys, on: broker, admin: admin) }
        }
    }

    @Test("HTTP, TLS and noise are nobody's protocol")
    func otherProtocols() async throws {
        let hello = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
        try await RunningBroker.use { broker in
            try await stayingWell(broker) {
                for bytes in [
                    Array(hello.utf8), [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3] + Self.noise(500), Self.noise(5000),
                ] {
                    for endpoint in [broker.front, broker.back] {
                        let peer = try RawPeer(endpoint)
                        peer.send(bytes)
                        #expect(peer.isEnded(within: 10))
                    }
                }
            }
        }
    }

    @Test(
        "A frame over the limit ends the connection, whatever it claims to be",
        arguments: [
            UInt64(WireLimits.frameBytes) + 1, 1 << 40, UInt64(Int64.max), UInt64.max,
        ])
    func oversized(_ size: UInt64) async throws {
        try await RunningBroker.use { broker in
            try await stayingWell(broker) {
                let before = broker.residentBytes
                for endpoint in [broker.front, broker.back] {
                    let peer = try RawPeer(endpoint)
                    #expect(peer.handshake())
                    peer.send(ZMTP.header(size, more: false))
                    #expect(peer.isEnded(within: 10))
                }
                #expect(broker.residentBytes < before + 64 << 20)
            }
        }
    }

    @Test("A message without an end is cut before it fills the memory")
    func endless() async throws {
        try await RunningBroker.use { broker in
            let client = try broker.client()
            try await stayingWell(broker) {
                let before = broker.residentBytes
                let piece = ZMTP.frame([UInt8](repeating: 7, count: 1 << 20), more: true)
                let peer = try RawPeer(broker.front)
                #expect(peer.handshake())
                var (sent, peak) = (0, 0)
                while sent < 4 << 30, peer.send(piece) {
                    sent += piece.count
                    peak = max(peak, broker.residentBytes)
                }
                #expect(sent < 4 << 30, "nobody stopped it")
                // What is allowed, and what comes between two looks.
                #expect(peak < before + 1 << 30, "\(peak >> 20) MB")
                let isCounted = try await eventually(within: .seconds(10)) {
                    let counters = try await client.status().counters
                    return counters["connections_over_memory_total"] == 1 && counters["connections_held_bytes"]! < 1e6
                }
                #expect(isCounted)
            }
        }
    }

    @Test("A message of very many tiny frames costs its sender a refusal, and nobody else anything")
    func manyFrames() async throws {
        try await RunningBroker.use { broker in
            let client = try broker.client()
            try await stayingWell(broker) {
                let peer = try RawPeer(broker.front)
                let frames = ZMTP.frame(Array("BXW1".utf8), more: true) + ZMTP.frame(Array("REQUEST".utf8), more: true)
                let tiny: [UInt8] = Array(repeating: [1, 1, 65], count: 10_000).flatMap(\.self)
                #expect(peer.handshake())
                peer.send(frames)
                peer.send(tiny)
                peer.send(ZMTP.frame([], more: false))
                let isCounted = try await eventually(within: .seconds(10)) {
                    try await client.status().counters["frames_refused_total"] == 1
                }
                #expect(isCounted)
                var answer: [UInt8] = []
                while let bytes = peer.receive(within: 500), !bytes.isEmpty { answer += bytes }
                #expect(answer.contains(Array("MALFORMED_FRAMES".utf8)))
            }
        }
    }

    @Test("One byte at a time is too slow for a handshake, and costs nothing after it")
    func slowLoris() async throws {
        try await RunningBroker.use { broker in
            try await stayingWell(broker) {
                let slow = try RawPeer(broker.front)
                var isEnded = false
                for byte in ZMTP.greeting() + ZMTP.ready() where !isEnded {
                    isEnded = !slow.send([byte]) || slow.receive(within: 200) == nil
                }
                #expect(isEnded, "libzmq takes the handshake as a whole")
                let before = broker.residentBytes
                let patient = try (0..<100).map { _ in
                    let peer = try RawPeer(broker.front)
                    #expect(peer.handshake())
                    peer.send(ZMTP.header(UInt64(WireLimits.frameBytes), more: false))
                    return peer
                }
                for _ in 0..<20 {
                    for peer in patient { peer.send([0]) }
                    try await Task.sleep(for: .milliseconds(50))
                }
                #expect(broker.residentBytes < before + 64 << 20, "room that is only claimed is not taken")
            }
        }
    }

    @Test("More connections than there may be push out those that have said nothing, and never a client at work")
    func crowd() async throws {
        try await RunningBroker.use { broker in
            let client = try broker.client()
            _ = try await client.health()
            try await stayingWell(broker) {
                // Those that say nothing are closed after 5 s: here are more, faster.
                let crowd = try (0..<1500).map { _ in try RawPeer(broker.front) }
                defer { withExtendedLifetime(crowd) {} }
                let isBounded = try await eventually(within: .seconds(20)) {
                    let counters = try await client.status().counters
                    return counters["connections_crowded_out_total"] ?? 0 > 0 && counters["connections_open"]! <= 1024
                }
                #expect(isBounded)
                #expect(broker.descriptors < 1300)
                let late = try broker.client()
                #expect(try await late.health(timeout: .seconds(30)) == .serving)
                #expect(try await client.health() == .serving)
            }
        }
    }

    @Test("A name in the greeting of a peer without keys is not taken for a key's")
    func forgedName() async throws {
        try await RunningBroker.use { broker in
            let peer = try RawPeer(broker.front)
            #expect(peer.handshake([("User-Id", "admin"), ("__fd", "0")]))
            peer.send(
                ZMTP.message([
                    Array("BXW1".utf8), Array("REQUEST".utf8),
                    Array(#"{"id":"1","method":"/boxwood.v1.Health/Check"}"#.utf8), Array("{}".utf8),
                ]))
            var answer: [UInt8] = []
            while let bytes = peer.receive(within: 500), !bytes.isEmpty { answer += bytes }
            #expect(answer.contains(Array("SERVING".utf8)))
            #expect(broker.program.isRunning)
        }
    }
}

extension [UInt8] {
    fileprivate func contains(_ part: [UInt8]) -> Bool {
        indices.contains { self[$0...].starts(with: part) }
    }
}
