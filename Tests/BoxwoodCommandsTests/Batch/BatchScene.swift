// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Foundation
import Grounding
import Imaging
import Synchronization
import Wire

/// A folder with pictures and a plan for them.
final class BatchScene {
    let folder: URL
    let plan: BatchPlan
    var log: String { folder.appending(path: "results.jsonl").path }

    static let png = try! PNGEncoder.encode(RGBImage(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6]))

    /// - Parameter names: of pictures; those that begin with `bad` are none.
    init(_ names: [String], labels: [String] = ["cat"]) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "boxwood-" + UUID().uuidString)
        let pictures = folder.appending(path: "pictures")
        try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
        for name in names {
            try Data(name.hasPrefix("bad") ? [] : Self.png).write(to: pictures.appending(path: name))
        }
        var words = TaskWords(task: .detect)
        words.labels = labels
        plan = try BatchListing.plan([pictures.path], words, GenerationOptions())
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    static func result(_ caption: String = "", label: String = "cat") -> GroundingResult {
        let box = NormalizedBox(xmin: 0, ymin: 0, xmax: 0.5, ymax: 1)
        return GroundingResult(
            id: "x", task: .detect, model: ModelIdentity(name: "fake", revision: "1", precision: "f32"),
            image: ImageDescription(width: 2, height: 1, sha256: "", orientation: 1), caption: caption,
            entities: [
                Entity(
                    phrase: label, span: 0..<1, label: label, source: .model,
                    boxes: [
                        GroundedBox(
                            pixels: box.pixels(width: 2, height: 1), normalized: box, score: 0.5,
                            patches: PatchPair(upperLeft: 0, lowerRight: 1))
                    ])
            ], text: "", finishReason: .stop)
    }

    func text() throws -> String { try String(contentsOfFile: log, encoding: .utf8) }

    func write(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: log)) }

    /// The line of a picture.
    func line(_ number: Int, _ outcome: Result<GroundingResult, RPCStatus> = .success(BatchScene.result())) -> String {
        BatchLine.text(key: plan.items[number].key, request: plan.digests[0], outcome)
    }

    /// The keys of the lines that are there, in their order.
    func keys() throws -> [String] {
        try text().split(separator: "\n").compactMap { BatchLine.mark(Array($0.utf8))?.key }
    }
}

/// Answers when it is let to, and counts who waits.
final class GatedAnswerer: BatchAnswerer {
    private struct State {
        var isOpen = false
        var waiting = 0
        var most = 0
        var mostBytes = 0
        var bytes = 0
    }

    private let state = Mutex(State())
    private let ending: @Sendable (TaskRequest) -> BatchEnding
    /// Opens by itself a little after so many wait.
    private let opensAt: Int

    init(
        opensAt: Int, _ ending: @escaping @Sendable (TaskRequest) -> BatchEnding = { _ in .result(BatchScene.result()) }
    ) {
        self.opensAt = opensAt
        self.ending = ending
    }

    var most: Int { state.withLock { $0.most } }
    var mostBytes: Int { state.withLock { $0.mostBytes } }
    var waiting: Int { state.withLock { $0.waiting } }

    func open() { state.withLock { $0.isOpen = true } }

    func answer(_ request: TaskRequest, _ image: [UInt8], pixels: Int) async -> BatchEnding {
        let isEnough = state.withLock { state in
            state.waiting += 1
            state.bytes += image.count
            state.most = max(state.most, state.waiting)
            state.mostBytes = max(state.mostBytes, state.bytes)
            return state.waiting >= opensAt
        }
        if isEnough {
            // Whoever should not have been begun shows meanwhile.
            try? await Task.sleep(for: .milliseconds(20))
            open()
        }
        defer {
            state.withLock { state in
                state.waiting -= 1
                state.bytes -= image.count
            }
        }
        while !state.withLock({ $0.isOpen }) {
            if Task.isCancelled { return .stopped }
            try? await Task.sleep(for: .milliseconds(2))
        }
        return ending(request)
    }
}
