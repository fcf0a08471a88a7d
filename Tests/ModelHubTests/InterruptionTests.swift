// SPDX-License-Identifier: MIT
import Foundation
import HubSupport
import ModelHub
import Synchronization
import Testing

/// Numbers that a seed gives again.
private struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

@Suite("Pulls that are interrupted at random", .timeLimit(.minutes(5)))
struct InterruptionTests {
    /// What happens to a pull.
    private enum Mishap: CaseIterable {
        case cut, reset, busy, wrongByte, wrongLength, noParts, stopped, junkLeft, blobCut
    }

    @Test("However often and wherever it is interrupted, the cache ends the same", arguments: 0..<24)
    func property(_ seed: Int) async throws {
        var dice = Dice(seed)
        let scene = try HubScene()
        for _ in 0..<Int.random(in: 1...8, using: &dice) {
            let mishap = Mishap.allCases.randomElement(using: &dice) ?? .cut
            try await interrupted(scene, mishap, &dice)
            try checkInvariants(scene, "seed \(seed), after \(mishap)")
        }
        scene.hub.script { $1 }
        try await scene.pull()
        #expect(try scene.contents() == HubScene.expected(), "seed \(seed)")
    }

    /// A pull to which one thing happens at some time; it may end well all the same.
    private func interrupted(_ scene: HubScene, _ mishap: Mishap, _ dice: inout Dice) async throws {
        let number = scene.hub.requests.count + Int.random(in: 0..<6, using: &dice)
        let place = Int.random(in: 0..<300_500, using: &dice)
        var terms = HubScene.terms
        terms.retries.tries = Int.random(in: 1...2, using: &dice)
        switch mishap {
        case .junkLeft:
            try scene.begin(with: Data((0..<place).map { _ in UInt8.random(in: 0...255, using: &dice) }))
        case .blobCut where FileManager.default.fileExists(atPath: scene.blob):
            try HubScene.weights.prefix(place % 299_999).write(to: URL(fileURLWithPath: scene.blob))
        default: break
        }
        scene.hub.script { request, reply in
            request.number == number ? Self.spoiled(reply, mishap, place) : reply
        }
        let received = Mutex(0)
        let stopAt = mishap == .stopped ? place : Int.max
        let (stops, stop) = AsyncStream.makeStream(of: Void.self)
        let work = Task {
            try await scene.pull(terms: terms) { event in
                guard case .received(_, let bytes) = event else { return }
                received.withLock { $0 = max($0, bytes) }
                if bytes >= stopAt { stop.yield() }
            }
        }
        let watcher = Task {
            for await _ in stops { work.cancel() }
        }
        _ = try? await work.value
        stop.finish()
        await watcher.value
    }

    private static func spoiled(_ honest: FakeHub.Reply, _ mishap: Mishap, _ place: Int) -> FakeHub.Reply {
        var reply = honest
        switch mishap {
        case .cut: reply.cutAfter = place
        case .reset: (reply.cutAfter, reply.cutsHard) = (place, true)
        case .busy: return .init(503)
        case .wrongByte where !reply.body.isEmpty:
            reply.body[reply.body.startIndex + place % reply.body.count] ^= 0x55
        case .wrongLength: reply.length = place
        case .noParts where reply.status == 206: return .init(200, [], HubScene.weights)
        case .stopped: reply.drip = (40_000, 1)
        default: break
        }
        return reply
    }

    /// What holds at every moment: a name of the cache leads to the bytes that it names. (A blob that was cut short from outside
    /// is for the next pull to find.)
    private func checkInvariants(_ scene: HubScene, _ place: Comment) throws {
        for snapshot in ModelCache(folder: scene.cache).snapshots() {
            #expect(snapshot.missing.isEmpty, place)
            #expect(snapshot.files.map(\.name).sorted() == HubScene.wanted.sorted(), place)
        }
        for (path, hash) in try scene.contents() where path.contains("/blobs/") {
            let name = (path as NSString).lastPathComponent
            guard let file = HubScene.files.values.first(where: { $0.blob == name }), file.bytes.count > 0 else {
                continue
            }
            let size = FileManager.default.contents(atPath: "\(scene.cache)/\(path)")?.count
            if size == file.bytes.count { #expect(hash == file.sha256, place) }
        }
    }
}
