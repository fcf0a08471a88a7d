// SPDX-License-Identifier: MIT

import Broker
import Messaging
import Testing
import Wire

@Suite("What a broker says to a peer that sends nonsense", .timeLimit(.minutes(2)))
struct RefusalTextTests {
    /// Drawn under a seed.
    private struct Random {
        var state: UInt64

        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % max(1, bound)
        }
    }

    private static let marker = "of-somebody-else"

    private func requests() -> [[[UInt8]]] {
        Method.allCases.flatMap { method in
            [WireEncoding.json, .protobuf].map { encoding in
                let request = CallRequest(
                    id: "f", method: method.rawValue, timeoutMilliseconds: 1, metadata: ["key": "value"],
                    encoding: encoding, body: Array(#"{"labels":["cat"]}"#.utf8), image: [1, 2, 3])
                return ClientMessage.request(request).frames(encoding)
            }
        } + [ClientMessage.cancel(id: "f", reason: "r").frames(.json)]
    }

    private func words() -> [[[UInt8]]] {
        let dispatch = Dispatch(call: "zz-1", attempt: 1)
        let messages: [WorkerMessage] = [
            .started(dispatch), .result(JobResult(dispatch: dispatch, status: .ok, body: [1])), .beat(WorkerBeat()),
            .drain(returned: [dispatch]), .credit(1, returned: [dispatch]), .bye(.ok),
        ]
        return messages.flatMap { message in [WireEncoding.json, .protobuf].map { message.frames($0) } }
    }

    private func mutated(_ frames: [[UInt8]], _ random: inout Random) -> [[UInt8]] {
        var frames = frames
        for _ in 0...random.next(3) {
            let index = random.next(frames.count)
            switch random.next(7) {
            case 0 where !frames[index].isEmpty:
                frames[index][random.next(frames[index].count)] = UInt8(random.next(256))
            case 1: frames[index] = Array(frames[index].prefix(random.next(frames[index].count)))
            case 2 where frames.count > 1: frames.remove(at: index)
            case 3: frames.insert(frames[index], at: index)
            case 4: frames[index] = (0..<random.next(40)).map { _ in UInt8(random.next(256)) }
            case 5: frames[index] += [UInt8](repeating: UInt8(ascii: "{"), count: random.next(300))
            default: frames.append([])
            }
        }
        return frames
    }

    /// What must never be in it: addresses of memory, paths, names of source files, other callers' words.
    private func fault(_ frames: [[UInt8]]) -> String? {
        let text = frames.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        let forbidden = [
            Self.marker, "/tmp/", "/home/", "/usr/", "/root", "/var/", "/proc", ".swift", "Sources/", "file:",
        ]
        if let found = forbidden.first(where: text.contains) { return "\(found) in \(text)" }
        if text.contains(#/0x[0-9a-fA-F]{4,}/#) { return "an address in \(text)" }
        return nil
    }

    @Test(
        "Thousands of damaged messages: no refusal holds an address, a path or another caller's words",
        arguments: [1, 2, 3])
    func fuzz(_ seed: UInt64) throws {
        let context = Context()
        let broker = try BrokerServer.onLoopback(context)
        let other = try RawClient(context, broker)
        let request = CallRequest(
            id: Self.marker, method: Method.detect.rawValue, timeoutMilliseconds: 600_000,
            metadata: ["key": Self.marker], encoding: .json, body: Array(#"{"labels":["\#(Self.marker)"]}"#.utf8),
            image: Array(Self.marker.utf8))
        try other.peer.say(ClientMessage.request(request).frames(.json))
        try other.wait { $0.queue.waiting == 1 }

        var random = Random(state: seed)
        var heard = 0
        for (endpoint, samples) in [(broker.front, requests()), (broker.back, words())] {
            let peer = try Peer(context, endpoint)
            for round in 0..<2000 {
                let frames = mutated(samples[random.next(samples.count)], &random)
                if !frames.isEmpty { try peer.say(frames) }
                guard round % 50 == 49 else { continue }
                while let reply = try? peer.hear(within: .milliseconds(5), { $0 }) {
                    heard += 1
                    if let fault = fault(reply) { Issue.record("\(fault)") }
                }
            }
        }
        #expect(heard > 100)
        try other.wait { $0.queue.waiting >= 1 && $0.counters["frames_refused_total"] ?? 0 > 100 }
        broker.stop()
    }
}
