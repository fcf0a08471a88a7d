// SPDX-License-Identifier: MIT

import Broker
import Foundation
import Grounding
import Logging
import Messaging
import Testing
import Wire

@Suite("A broker with keys", .timeLimit(.minutes(2)))
struct KeyedBrokerTests {
    private let context = Context()
    private let keys: TemporaryKeys
    private let broker: BrokerServer

    init() throws {
        keys = try TemporaryKeys()
        var terms = SchedulerConfiguration(
            beatInterval: .milliseconds(100), liveness: 10_000, noWorkerPatience: .seconds(600))
        terms.queueCalls = 4
        let configuration = try BrokerConfiguration(
            front: "tcp://127.0.0.1:*", back: "tcp://127.0.0.1:*", scheduler: terms, keys: keys.folder)
        broker = try BrokerServer(
            configuration, context: context, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func client(_ credential: Credential) throws -> RawClient {
        try RawClient(peer: Peer(context, broker.front, .client(credential)))
    }

    private func hello(_ name: String) -> [[UInt8]] {
        WorkerMessage.hello(
            WorkerHello(
                instance: name, name: name, pid: 1, version: "test",
                model: ModelIdentity(name: "m", revision: "r", precision: "f32"), credits: 1,
                imageLimits: WireImageLimits())
        ).frames(.protobuf)
    }

    @Test("Every method has a role that may call it, and only an admin what is an admin's")
    func table() {
        for method in Method.allCases { #expect(!Permissions.roles(for: method).isEmpty, "\(method.rawValue)") }
        #expect(Permissions.roles(for: .adminStatus) == [.admin])
        #expect(Permissions.roles(for: .detect) == [.client, .admin])
        for method in [Method.jobSubmit, .jobGet, .jobWait, .jobCancel, .jobList, .discovery] {
            #expect(Permissions.roles(for: method) == [.client, .admin], "\(method.rawValue)")
        }
        #expect(
            Permissions.roles(at: .back) == [.worker] && Permissions.roles(at: .front) == [.client, .worker, .admin])
    }

    @Test(
        "Who may call what",
        arguments: [
            (PeerRole.client, Method.discovery, StatusCode.ok), (.client, .adminStatus, .permissionDenied),
            (.admin, .adminStatus, .ok), (.admin, .healthCheck, .ok), (.worker, .healthCheck, .ok),
            (.worker, .discovery, .permissionDenied), (.worker, .detect, .permissionDenied),
            (.worker, .adminStatus, .permissionDenied), (.admin, .drain, .notFound), (.admin, .undrain, .notFound),
            (.client, .drain, .permissionDenied), (.client, .undrain, .permissionDenied),
            (.worker, .drain, .permissionDenied),
        ])
    func roles(_ role: PeerRole, _ method: Method, _ code: StatusCode) throws {
        let peer = try client(try keys.folder.make(role, "somebody"))
        try peer.ask("1", method)
        let status = try peer.response().status
        #expect(status.code == code)
        if code == .permissionDenied { #expect(status.reason == .role) }
        let admin = try client(try keys.folder.make(.admin, "counter"))
        #expect(try admin.status().counters["messages_denied_total"] == (code == .permissionDenied ? 1 : 0))
        broker.stop()
    }

    @Test("A key that nobody knows, no key at all and the wrong broker's key get no word")
    func strangers() throws {
        let alice = try keys.folder.make(.client, "alice")
        let other = try TemporaryKeys()
        let stranger = try other.folder.make(.client, "alice")
        let unknown = Credential(role: .client, name: "alice", pair: stranger.pair, broker: alice.broker)
        let deceived = Credential(role: .client, name: "alice", pair: alice.pair, broker: stranger.broker)
        for security in [ConnectionSecurity.client(unknown), .client(deceived), .none] {
            let peer = RawClient(peer: try Peer(context, broker.front, security))
            try peer.ask("1", .healthCheck)
            #expect(throws: NeverHeard.self) { try peer.peer.hear(within: .milliseconds(400)) { $0 } }
        }
        let admin = try client(try keys.folder.make(.admin, "counter"))
        let counters = try admin.status().counters
        #expect(counters["keys_refused_total"] ?? 0 > 0)
        #expect(counters["keys_admitted_total"] == 1)
        #expect((counters["handshakes_malformed_total"] ?? 0) + (counters["handshakes_unfinished_total"] ?? 0) > 0)
        broker.stop()
    }

    @Test("A client's key is no worker's, however it says HELLO")
    func clientAtTheBack() throws {
        let peer = try Peer(context, broker.back, .client(try keys.folder.make(.client, "alice")))
        try peer.say(hello("alice"))
        #expect(throws: NeverHeard.self) { try peer.hear(within: .milliseconds(400)) { $0 } }
        let worker = try Peer(context, broker.back, .client(try keys.folder.make(.worker, "honest")))
        try worker.say(hello("honest"))
        try worker.hear { frames in
            if case .welcome = try BrokerOrder(frames: frames) { () } else { nil }
        }
        broker.stop()
    }

    @Test("A key is let in as soon as its file is there, and its open connections end when it is gone")
    func reload() throws {
        let alice = try keys.folder.make(.client, "alice")
        let bob = try keys.folder.make(.client, "bob")
        let path = keys.folder.authorizedPath(.client, "bob")
        try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
        let early = try client(bob)
        try early.ask("1", .healthCheck)
        #expect(throws: NeverHeard.self) { try early.peer.hear(within: .milliseconds(300)) { $0 } }
        try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
        let peer = try client(bob)
        try peer.ask("1", .healthCheck)
        #expect(try peer.response().status.isOK)
        let other = try client(alice)
        try other.ask("1", .healthCheck)
        #expect(try other.response().status.isOK)

        try keys.folder.revoke(.client, "bob")
        let admin = try client(try keys.folder.make(.admin, "counter"))
        try admin.wait { $0.counters["connections_revoked_total"] == 1 }
        try peer.ask("2", .healthCheck)
        #expect(throws: NeverHeard.self) { try peer.peer.hear(within: .milliseconds(300)) { $0 } }
        try other.ask("2", .healthCheck)
        #expect(try other.response().status.isOK, "alice's connection is as it was")
        broker.stop()
    }

    @Test("A worker whose key is taken away loses its session, and its job goes to another")
    func revokedWorker() throws {
        let first = try Peer(context, broker.back, .client(try keys.folder.make(.worker, "first")))
        try first.say(hello("first"))
        try first.hear { if case .welcome = try BrokerOrder(frames: $0) { () } else { nil } }
        let alice = try client(try keys.folder.make(.client, "alice"))
        try alice.detect("1")
        try first.hear { if case .job = try BrokerOrder(frames: $0) { () } else { nil } }
        let second = try Peer(context, broker.back, .client(try keys.folder.make(.worker, "second")))
        try second.say(hello("second"))
        try second.hear { if case .welcome = try BrokerOrder(frames: $0) { () } else { nil } }
        try keys.folder.revoke(.worker, "first")
        // Whatever it says now, if it comes through at all, is not taken.
        let end = ContinuousClock.now + patience
        var job: Job?
        while job == nil, ContinuousClock.now < end {
            try? first.say(WorkerMessage.beat(WorkerBeat()).frames(.protobuf))
            job = try? second.hear(within: .milliseconds(100)) {
                if case .job(let job) = try BrokerOrder(frames: $0) { job } else { nil }
            }
        }
        #expect(job?.dispatch.attempt == 2)
        broker.stop()
    }

    @Test("All connections of a key are one client, whatever its frames claim")
    func fairShare() throws {
        let alice = try keys.folder.make(.client, "alice")
        let bob = try keys.folder.make(.client, "bob")
        let one = try client(alice)
        let two = try client(alice)
        // The queue holds four; by connection each would have two, by key alice has them all.
        for id in ["1", "2"] {
            try one.detect(id)
            try two.detect(id)
        }
        let admin = try client(try keys.folder.make(.admin, "counter"))
        try admin.wait { $0.queue.waiting == 4 }
        let third = try client(bob)
        for id in ["1", "2"] { try third.detect(id) }
        try admin.wait { $0.counters["calls_refused_total"] == 2 && $0.queue.waiting == 4 }
        #expect(throws: NeverHeard.self, "bob's calls took the places of two of alice's") {
            try third.peer.hear(within: .milliseconds(200)) { $0 }
        }
        broker.stop()
    }

    @Test("A second broker with keys in one context is told so, and the first goes on")
    func oneHandler() throws {
        let configuration = try BrokerConfiguration(
            front: "tcp://127.0.0.1:*", back: "tcp://127.0.0.1:*", keys: keys.folder)
        let error = #expect(throws: MessagingError.self) {
            try BrokerServer(
                configuration, context: context, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }
        #expect(error?.code == .addressInUse)
        let peer = try client(try keys.folder.make(.client, "alice"))
        try peer.ask("1", .healthCheck)
        #expect(try peer.response().status.isOK)
        broker.stop()
    }

    @Test("Keys that two files share are nobody's; what cannot be read lets nobody in, and others come in all the same")
    func ambiguous() throws {
        let alice = try keys.folder.make(.client, "alice")
        let text = try String(contentsOfFile: keys.folder.authorizedPath(.client, "alice"), encoding: .utf8)
        let bare = text.split(separator: "\n").first { $0.hasPrefix("public ") }.map(String.init) ?? ""
        try bare.write(toFile: keys.folder.authorizedPath(.admin, "mallory"), atomically: false, encoding: .utf8)
        try "nonsense".write(toFile: keys.folder.authorizedPath(.client, "x"), atomically: false, encoding: .utf8)
        let bob = try keys.folder.make(.client, "bob")
        let authorized = AuthorizedKeys(keys.folder)
        #expect(authorized.identity(alice.pair.publicKey, at: .front) == nil)
        #expect(authorized.identity(bob.pair.publicKey, at: .front)?.name == "bob")
        #expect(authorized.identity(bob.pair.publicKey, at: .back) == nil)
        #expect(authorized.faults.count == 2)
    }
}
