// SPDX-License-Identifier: MIT
import Foundation
import Grounding
import Wire

/// Results in the form of another tool, made of the file of results when a run has come to its end.
package enum BatchFormat: String, Sendable, CaseIterable {
    case jsonl, coco, yolo, voc, labelstudio

    /// Where the run keeps its results, line by line, so that it can be gone on with.
    package func log(for out: String) -> String {
        guard self != .jsonl else { return out }
        let end = out.lastIndex { $0 != "/" }
        return (end.map { String(out[...$0]) } ?? out) + ".results.jsonl"
    }

    /// Looks at what can be wrong before anything is done.
    package func check(_ out: String, _ plan: BatchPlan) throws(CommandFailure) {
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: out, isDirectory: &isFolder)
        switch self {
        case .jsonl, .coco, .labelstudio:
            guard !isThere || !isFolder.boolValue, !out.hasSuffix("/") else {
                throw CommandFailure(.usage, "--out \(out) is a folder; \(rawValue) is one file")
            }
        case .yolo, .voc:
            guard !isThere || isFolder.boolValue else {
                throw CommandFailure(.usage, "--out \(out) is a file; \(rawValue) is a folder")
            }
            _ = try names(plan)
        }
    }

    private func names(_ plan: BatchPlan) throws(CommandFailure) -> [String] {
        try OutputNames.names(
            plan.items.map(\.name), extension: self == .yolo ? "txt" : "xml", reserved: ["classes.txt"])
    }

    /// Writes what it is; nothing for `jsonl`.
    /// - Returns: how many pictures are in it.
    @discardableResult
    package func write(_ log: BatchLog, _ plan: BatchPlan, to out: String) throws(CommandFailure) -> Int {
        guard self != .jsonl else { return 0 }
        let (pictures, models, numbers) = try Self.pictures(log, plan)
        let classes = Self.classes(plan, pictures)
        switch self {
        case .jsonl: break
        case .coco: try Self.replace(out, CocoExport.dataset(pictures, classes) + "\n")
        case .labelstudio:
            let tasks = LabelStudioExport.tasks(Array(zip(pictures, models)).map { ($0, $1) }, classes)
            try Self.replace(out, tasks + "\n")
        case .yolo:
            let names = try names(plan)
            for (number, picture) in zip(numbers, pictures) {
                try Self.replace("\(out)/\(names[number])", YoloExport.labels(of: picture, classes))
            }
            try Self.replace("\(out)/classes.txt", YoloExport.names(classes))
        case .voc:
            let names = try names(plan)
            for (number, picture) in zip(numbers, pictures) {
                try Self.replace("\(out)/\(names[number])", VocExport.annotation(of: picture, classes))
            }
        }
        return pictures.count
    }

    /// Those that have a result, in the order of the plan.
    private static func pictures(
        _ log: BatchLog, _ plan: BatchPlan
    ) throws(CommandFailure) -> (pictures: [ExportedPicture], models: [String], numbers: [Int]) {
        let places = Dictionary(
            plan.items.enumerated().map { ($0.element.key, $0.offset) }, uniquingKeysWith: { first, _ in first })
        var found: [Int: (ExportedPicture, String)] = [:]
        try log.forEachLine { bytes in
            guard let line = LoggedResult(bytes), let number = places[line.key] else { return }
            found[number] = (line.picture(named: plan.items[number].name), line.model)
        }
        let numbers = found.keys.sorted()
        return (numbers.map { found[$0]!.0 }, numbers.map { found[$0]!.1 }, numbers)
    }

    /// The labels that were asked for, in their order, then the other names that occur.
    static func classes(_ plan: BatchPlan, _ pictures: [ExportedPicture]) -> ExportedClasses {
        let asked = plan.requests.flatMap { request in
            if case .detect(let labels) = request.task { labels } else { [String]() }
        }
        return ExportedClasses(asked + pictures.flatMap { $0.detections.map(\.label) })
    }

    /// The file is there whole, or as it was.
    private static func replace(_ path: String, _ text: String) throws(CommandFailure) {
        try OutputNames.makeFolder(of: path)
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw CommandFailure(.inputOutput, "\(path) cannot be written")
        }
    }
}
