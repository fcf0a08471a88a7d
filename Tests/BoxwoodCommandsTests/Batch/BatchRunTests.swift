// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Foundation
import Grounding
import Testing
import Wire

@Suite("A run over many pictures", .timeLimit(.minutes(2)))
struct BatchRunTests {
    private let names = (0..<12).map { "\($0 + 10).png" }

    private func run(
        _ scene: BatchScene, _ answerer: any BatchAnswerer, limit: Int = 3, bytes: Int = 1 << 20,
        mode: BatchLog.Mode = .new, grace: Duration = .seconds(60), meanwhile: ((BatchRun) async -> Void)? = nil
    ) async throws -> (wasStopped: Bool, status: BatchStatus) {
        var point = ResumePoint(scene.plan)
        let log = try BatchLog(scene.log, mode, &point)
        let progress = BatchProgress(
            BatchStatus(total: scene.plan.items.count, resumed: point.done.count), isQuiet: true)
        let run = BatchRun(
            scene.plan, done: point.done, answerer: answerer, log: log, flow: BatchFlow(limit: limit, byteLimit: bytes),
            progress: progress, grace: grace)
        await meanwhile?(run)
        return (try await run.run(), progress.finish().status)
    }

    @Test("Every picture has one line, bad ones an error; never more at a time than may be")
    func all() async throws {
        let scene = try BatchScene(names + ["bad1.png", "bad2.png"])
        let answerer = GatedAnswerer(opensAt: 3)
        let (wasStopped, status) = try await run(scene, answerer)
        #expect(!wasStopped && status.done == 12 && status.failed == 2 && status.left == 0)
        #expect(try scene.keys().sorted() == scene.plan.items.map(\.key).sorted())
        #expect(answerer.most == 3)
        #expect(
            try scene.text().contains(
                #"{"key":"bad1.png","request":"\#(scene.plan.digests[0])","error":{"code":"INVALID_ARGUMENT""#))
    }

    @Test("No more bytes than there is room for, but one picture alone always")
    func bytes() async throws {
        let scene = try BatchScene(names)
        let two = GatedAnswerer(opensAt: 2)
        _ = try await run(scene, two, limit: 10, bytes: BatchScene.png.count * 3 - 1)
        #expect(two.most == 2 && two.mostBytes == 2 * BatchScene.png.count)
        let one = GatedAnswerer(opensAt: 1)
        _ = try await run(scene, one, limit: 10, bytes: 1, mode: .overwrite)
        #expect(one.most == 1)
    }

    @Test("Stopped: what is under way has its grace, and nothing else is begun")
    func stop() async throws {
        let scene = try BatchScene(names)
        let patient = GatedAnswerer(opensAt: 100)
        let (wasStopped, status) = try await run(scene, patient) { run in
            let stop = run.stopper
            Task {
                while patient.waiting < 3 { try? await Task.sleep(for: .milliseconds(2)) }
                stop()
                stop()
                try? await Task.sleep(for: .milliseconds(20))
                patient.open()
            }
        }
        #expect(wasStopped && status.done == 3 && status.left == 9)
        #expect(try scene.keys().count == 3)
        // Whoever does not end in time is not written, and is done by the run that goes on.
        let stubborn = GatedAnswerer(opensAt: 100)
        let second = try await run(scene, stubborn, mode: .resume, grace: .milliseconds(1)) { run in
            let stop = run.stopper
            Task {
                while stubborn.waiting < 3 { try? await Task.sleep(for: .milliseconds(2)) }
                stop()
            }
        }
        #expect(second.wasStopped && second.status.done == 0 && second.status.left == 9)
        let third = try await run(scene, GatedAnswerer(opensAt: 1), mode: .resume)
        #expect(!third.wasStopped && third.status.done == 9 && third.status.resumed == 3)
        #expect(try scene.keys().sorted() == names)
    }

    @Test("What ends the run as a whole ends it, with what was done before in the file")
    func fatal() async throws {
        let scene = try BatchScene(names)
        let answerer = GatedAnswerer(opensAt: 3) { _ in .fatal(CommandFailure(.unavailable, "gone")) }
        var caught: CommandFailure?
        do { _ = try await run(scene, answerer) } catch { caught = error as? CommandFailure }
        #expect(caught == CommandFailure(.unavailable, "gone"))
        #expect(try scene.keys().isEmpty)
    }

    @Test("Errors are tried again by the run that goes on, results are not")
    func again() async throws {
        let scene = try BatchScene(names)
        let refusing = GatedAnswerer(opensAt: 1) { _ in .failed(RPCStatus(.deadlineExceeded, "late")) }
        let first = try await run(scene, refusing)
        #expect(first.status.failed == 12)
        let second = try await run(scene, GatedAnswerer(opensAt: 1), mode: .resume)
        #expect(second.status.done == 12)
        #expect(try scene.keys().sorted() == names)
        let third = try await run(scene, GatedAnswerer(opensAt: 1), mode: .resume)
        #expect(third.status.resumed == 12 && third.status.done == 0)
    }

    @Test("Nothing that is read at the end is of a picture that has no result")
    func exports() async throws {
        let scene = try BatchScene(["a.png", "bad.png", "c.png"], labels: ["dog", "cat"])
        _ = try await run(scene, GatedAnswerer(opensAt: 1))
        var point = ResumePoint(scene.plan)
        let log = try BatchLog(scene.log, .resume, &point)
        let out = scene.folder.appending(path: "out").path
        func read(_ name: String) throws -> String { try String(contentsOfFile: name, encoding: .utf8) }
        #expect(try BatchFormat.coco.write(log, scene.plan, to: out + ".json") == 2)
        let coco = try read(out + ".json")
        #expect(coco.contains(#""file_name":"c.png""#) && !coco.contains("bad.png"))
        #expect(coco.contains(#"{"id":2,"name":"cat","supercategory":""}"#))
        try BatchFormat.yolo.write(log, scene.plan, to: out)
        #expect(try read(out + "/a.txt") == "1 0.250000 0.500000 0.500000 1.000000\n")
        #expect(try read(out + "/classes.txt") == "dog\ncat\n")
        #expect(!FileManager.default.fileExists(atPath: out + "/bad.txt"))
        try BatchFormat.voc.write(log, scene.plan, to: out)
        #expect(try read(out + "/c.xml").contains("<filename>c.png</filename>"))
        try BatchFormat.labelstudio.write(log, scene.plan, to: out + ".ls")
        #expect(try read(out + ".ls").contains(#""model_version":"fake 1 f32""#))
        #expect(BatchFormat.coco.log(for: "a.json") == "a.json.results.jsonl")
        #expect(BatchFormat.yolo.log(for: "a//") == "a.results.jsonl" && BatchFormat.jsonl.log(for: "a") == "a")
        #expect(failure { try BatchFormat.coco.check(out, scene.plan) }?.status == .usage)
        #expect(failure { try BatchFormat.yolo.check(out + ".json", scene.plan) }?.status == .usage)
        try BatchFormat.yolo.check(out, scene.plan)
    }
}

@Suite("The pace of a run")
struct BatchFlowTests {
    @Test func room() {
        var flow = BatchFlow(limit: 2, byteLimit: 10)
        #expect(flow.hasRoom(for: 11))
        flow.begin(6)
        #expect(flow.hasRoom(for: 4) && !flow.hasRoom(for: 5))
        flow.begin(4)
        #expect(!flow.hasRoom(for: 0))
        flow.end(6)
        #expect(flow.hasRoom(for: 6) && flow.bytes == 4)
    }

    @Test("Pauses double up to eight seconds, the service's own go before, and patience ends")
    func patience() {
        var patience = BatchPatience(.seconds(20))
        let pauses = (0..<7).map { _ in patience.pause(after: .zero, asked: nil) }
        #expect(pauses == [0.25, 0.5, 1, 2, 4, 8, 8].map { .seconds($0) })
        #expect(patience.pause(after: .seconds(12), asked: nil) == .seconds(8))
        #expect(patience.pause(after: .seconds(12.5), asked: nil) == nil)
        #expect(patience.pause(after: .seconds(19), asked: .seconds(1)) == .seconds(1))
        #expect(patience.pause(after: .seconds(19), asked: .seconds(1.5)) == nil)
    }

    @Test func progress() {
        var status = BatchStatus(total: 10, resumed: 2)
        #expect(status.line(after: .zero) == "2 of 10")
        status.succeeded()
        status.succeeded()
        status.failed("x\u{1B}.jpg", .invalid([FieldViolation("image", "is empty")]))
        #expect(status.line(after: .seconds(2)) == "5 of 10, 1 failed, 1.5 a second, 4 s left")
        #expect(status.line(after: .seconds(180)) == "5 of 10, 1 failed, 1.0 a minute, 5 min 0 s left")
        status.failed("y", .invalid([FieldViolation("image", "is empty")]))
        status.failed("z", RPCStatus(.deadlineExceeded, "late"))
        #expect(
            status.summary(after: .seconds(2)) == [
                "2 done, 3 failed, 2 done before, 3 left; 2.0 s, 2.5 a second",
                "  2 x INVALID_ARGUMENT: image is empty (x.jpg)", "  1 x DEADLINE_EXCEEDED: late (z)",
            ])
    }
}
