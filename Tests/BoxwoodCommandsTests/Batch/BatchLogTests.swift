// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Foundation
import Grounding
import Testing
import Wire

@Suite("The file of results")
struct BatchLogTests {
    private let scene: BatchScene

    init() throws { scene = try BatchScene(["a.png", "b.png", "c.png"]) }

    private func open(_ mode: BatchLog.Mode) throws -> (BatchLog, ResumePoint) {
        var point = ResumePoint(scene.plan)
        let log = try BatchLog(scene.log, mode, &point)
        return (log, point)
    }

    private let fault: Result<GroundingResult, RPCStatus> = .failure(
        RPCStatus(
            .invalidArgument, "bad", violations: [FieldViolation("image", "is empty")],
            retryDelayMilliseconds: 5, reason: .tooLarge))

    @Test("A line is one object with the members that the Python client has")
    func line() throws {
        let line = BatchLine.text(key: "a\n\"b", request: "0123", fault)
        #expect(
            line
                == #"{"key":"a\n\"b","request":"0123","error":{"code":"INVALID_ARGUMENT","message":"bad","retryable":false,"#
                + #""reason":"TOO_LARGE","violations":[{"field":"image","description":"is empty"}],"retry_after_ms":5}}"#
                + "\n")
        let result = BatchScene.result("x")
        #expect(
            BatchLine.text(key: "k", request: "r", .success(result))
                == #"{"key":"k","request":"r","result":\#(ResultJSON.compact(result))}"# + "\n")
        let mark = BatchLine.mark(Array(line.utf8))
        #expect(mark?.key == "a\n\"b" && mark?.request == "0123" && mark?.isResult == false)
    }

    @Test("A file that is there is neither written over nor added to unless that is said")
    func there() throws {
        try scene.write(scene.line(0))
        #expect(failure { try open(.new) }?.status == .usage)
        #expect(try scene.keys() == ["a.png"])
        let (log, _) = try open(.overwrite)
        try log.append(scene.line(1))
        #expect(try scene.keys() == ["b.png"])
    }

    @Test("Results stay byte for byte; errors and a line that was cut are taken out")
    func resume() throws {
        let kept = scene.line(0) + "{\"key\": 1}\n" + BatchLine.text(key: "other", request: "x", fault)
        try scene.write(scene.line(1, fault) + kept + scene.line(0) + scene.line(2).dropLast(9))
        do {
            let (log, point) = try open(.resume)
            #expect(point.done == ["a.png"] && point.failed == ["b.png"] && point.retried == 1)
            #expect(point.others == 1 && point.strange == 1)
            #expect(try scene.text() == kept)
            try log.append(scene.line(1))
        }
        #expect(try scene.text() == kept + scene.line(1))
        let (_, point) = try open(.resume)
        #expect(point.done == ["a.png", "b.png"] && point.retried == 0)
    }

    @Test("A cut line alone is taken off; a file that is not there begins")
    func cut() throws {
        try scene.write(scene.line(0) + "{\"key\":\"b.png\"")
        _ = try open(.resume)
        #expect(try scene.text() == scene.line(0))
        try FileManager.default.removeItem(atPath: scene.log)
        let (_, point) = try open(.resume)
        #expect(point.done.isEmpty)
        #expect(try scene.text().isEmpty)
    }

    @Test("Results of another task are refused and left as they are")
    func otherTask() throws {
        let text = BatchLine.text(key: "a.png", request: "another", .success(BatchScene.result())) + "{\"ke"
        try scene.write(text)
        let failure = failure { try open(.resume) }
        #expect(failure?.status == .usage && failure?.message.contains("another task") == true)
        #expect(try scene.text() == text)
    }

    @Test("What no run wrote is refused and left as it is")
    func foreign() throws {
        let text = "{\"image\": \"a.png\"}\n"
        try scene.write(text)
        #expect(failure { try open(.resume) }?.status == .badInput)
        #expect(try scene.text() == text)
    }

    @Test("One run at a time, also when lines are taken out")
    func lock() throws {
        try scene.write(scene.line(1, fault))
        let held = try open(.resume)
        #expect(failure { try open(.resume) }?.message.contains("another run") == true)
        #expect(failure { try open(.overwrite) }?.message.contains("another run") == true)
        try held.0.append(scene.line(1))
        #expect(try scene.keys() == ["b.png"])
    }

    @Test("What is no file cannot be gone on with")
    func noFile() throws {
        var point = ResumePoint(scene.plan)
        #expect(failure { try BatchLog("/dev/null", .new, &point) }?.status == .usage)
        #expect(failure { try BatchLog("/nowhere/x.jsonl", .new, &point) }?.status == .inputOutput)
    }

    @Test("Lines longer than what is read at a time")
    func longLines() throws {
        let long = BatchLine.text(
            key: "a.png", request: scene.plan.digests[0],
            .success(BatchScene.result(String(repeating: "x", count: 700_000))))
        try scene.write(long + scene.line(1) + long.dropLast(1))
        let (_, point) = try open(.resume)
        #expect(point.done == ["a.png", "b.png"])
        #expect(try scene.text() == long + scene.line(1))
    }
}
