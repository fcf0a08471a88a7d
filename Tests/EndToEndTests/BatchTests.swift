// SPDX-License-Identifier: MIT
import CollectorSupport
import Foundation
import Imaging
import Observability
import Testing

@Suite(
    "Many pictures from the command line", .serialized, .timeLimit(.minutes(10)),
    .enabled(if: BuiltProgram.exists, "the program is not built beside the tests"),
    .enabled(if: BuiltProgram.hasModel, "models/boxwood-nano is not here"))
struct BatchTests {
    private let samples: Samples
    private var out: String { samples.folder.appending(path: "results.jsonl").path }
    private var pictures: String { samples.folder.appending(path: "pictures").path }

    init() throws {
        samples = try Samples()
        try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
    }

    /// Pictures that differ from each other, `0000.png` and so on.
    private func draw(_ count: Int) throws {
        for number in 0..<count {
            let colour = [UInt8(truncatingIfNeeded: number), UInt8(number >> 8), 90]
            let image = RGBImage(width: 12, height: 8, pixels: Array(repeatElement(colour, count: 96).joined()))
            try put(String(String(10_000 + number).dropFirst()) + ".png", try PNGEncoder.encode(image))
        }
    }

    private func put(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(pictures)/\(name)"))
    }

    /// Twelve that cannot be had, each for a reason of its own, and words of the reason.
    private func spoil() throws -> [String: String] {
        let (png, jpeg) = (try Samples.png(), try Samples.jpeg())
        var huge = png
        huge.replaceSubrange(16..<24, with: [0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0])
        var damaged = png
        for index in 60..<100 { damaged[index] ^= 0x55 }
        try put("bad-empty.png", [])
        try put("bad-text.jpg", Array("no picture".utf8))
        try put("bad-cut.jpg", Array(jpeg.prefix(jpeg.count / 2)))
        try put("bad-cut.png", Array(png.prefix(png.count / 2)))
        try put("bad-header.png", Array(png.prefix(20)))
        try put("bad-huge.png", huge)
        try put("bad-damaged.png", damaged)
        try put("bad-gif.gif", Array("GIF89a".utf8) + [1, 0, 1, 0, 0, 0, 0])
        try put("bad-webp.webp", Array("RIFF\0\0\0\0WEBPVP8 ".utf8))
        try put("bad-large.png", png)
        #expect(truncate("\(pictures)/bad-large.png", 33 << 20) == 0)
        let manager = FileManager.default
        try manager.createSymbolicLink(atPath: "\(pictures)/bad-missing.jpg", withDestinationPath: "nowhere.jpg")
        // Nobody can open what leads to itself, not even root.
        try manager.createSymbolicLink(atPath: "\(pictures)/bad-loop.jpg", withDestinationPath: "bad-loop.jpg")
        return [
            "bad-empty.png": "is empty", "bad-text.jpg": "does not begin as", "bad-cut.jpg": "ends before",
            "bad-cut.png": "ends before", "bad-header.png": "ends inside", "bad-huge.png": "100000",
            "bad-damaged.png": "bad PNG",
            "bad-gif.gif": "JPEG or PNG", "bad-webp.webp": "JPEG or PNG", "bad-large.png": "32 MiB",
            "bad-missing.jpg": "No such file", "bad-loop.jpg": "cannot be had",
        ]
    }

    private func arguments(_ rest: [String] = [], labels: [String] = ["apple"]) -> [String] {
        ["batch", pictures, "--task", "detect", "--out", out] + labels.flatMap { ["--label", $0] } + rest
    }

    /// Every line of the file, whole.
    private func lines() throws -> [(key: String, result: [String: Any]?, error: [String: Any]?)] {
        let text = try String(contentsOfFile: out, encoding: .utf8)
        try #require(text.isEmpty || text.hasSuffix("\n"))
        return try text.split(separator: "\n").map { line in
            let value = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            return (
                try #require(value["key"] as? String), value["result"] as? [String: Any],
                value["error"] as? [String: Any]
            )
        }
    }

    private var count: Int {
        ((try? String(contentsOfFile: out, encoding: .utf8)) ?? "").count { $0 == "\n" }
    }

    @Test("A thousand pictures with a dozen broken ones: 988 results, 12 reasons, and the code that says so")
    func thousand() async throws {
        try draw(988)
        let reasons = try spoil()
        let outcome = try await BuiltProgram.run(arguments(["--local"]))
        #expect(outcome.status == 3, "\(outcome.errors)")
        let lines = try lines()
        #expect(lines.count == 1000 && Set(lines.map(\.key)).count == 1000)
        #expect(lines.count { $0.result != nil && $0.error == nil } == 988)
        let failed = lines.filter { $0.error != nil }
        #expect(Set(failed.map(\.key)) == Set(reasons.keys))
        for line in failed {
            #expect(line.error?["code"] as? String == "INVALID_ARGUMENT")
            let message = line.error?["message"] as? String ?? ""
            #expect(!message.isEmpty && !message.contains(pictures))
            #expect(message.contains(reasons[line.key] ?? "-"), "\(line.key): \(message)")
        }
        #expect(outcome.errors.contains("988 done, 12 failed;"))
        #expect(outcome.errors.contains("12 of 1000 pictures failed"))

        // Mended, they are all that is left to do.
        for name in reasons.keys {
            try FileManager.default.removeItem(atPath: "\(pictures)/\(name)")
            try put(name, try Samples.png())
        }
        let again = try await BuiltProgram.run(arguments(["--local", "--resume"]))
        #expect(again.status == 0, "\(again.errors)")
        #expect(again.errors.contains("988 pictures are done, 12 that failed are tried again"))
        let all = try self.lines()
        #expect(all.count == 1000 && Set(all.map(\.key)).count == 1000 && all.allSatisfy { $0.result != nil })
    }

    @Test("A run that is killed in the middle of a line is gone on with: every picture once")
    func killed() async throws {
        try draw(400)
        let program = try RunningProgram(arguments(["--local", "--quiet"]))
        let isUnderWay = try await eventually { count >= 40 || !program.isRunning }
        program.signal(SIGKILL)
        #expect(await program.end().status == -SIGKILL)
        #expect(isUnderWay && count < 400)
        let before = count
        let handle = try #require(FileHandle(forWritingAtPath: out))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(#"{"key":"0399.png","request":"#.utf8))
        try handle.close()
        let refused = try await BuiltProgram.run(arguments(["--local"]))
        #expect(refused.status == 64 && refused.errors.contains("--resume"))
        let other = try await BuiltProgram.run(arguments(["--local", "--resume"], labels: ["dog"]))
        #expect(other.status == 64 && other.errors.contains("another task"))
        let outcome = try await BuiltProgram.run(arguments(["--local", "--resume"]))
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("\(before) pictures are done"))
        #expect(try lines().map(\.key).sorted() == (0..<400).map { String(String(10_000 + $0).dropFirst()) + ".png" })
    }

    @Test("A signal ends a run that can be gone on with", arguments: [SIGINT, SIGTERM])
    func signalled(_ signal: Int32) async throws {
        try draw(400)
        let program = try RunningProgram(arguments(["--local"]))
        #expect(try await eventually { count >= 20 || !program.isRunning })
        program.signal(signal)
        let outcome = await program.end()
        #expect(outcome.status == 130, "\(outcome.errors)")
        let keys = try lines().map(\.key)
        #expect(keys.count < 400 && Set(keys).count == keys.count)
        #expect(outcome.errors.contains("stopped with \(400 - keys.count) pictures left; go on with --resume"))
        #expect(try await BuiltProgram.run(arguments(["--local", "--resume", "--quiet"])).status == 0)
        #expect(Set(try lines().map(\.key)).count == 400 && count == 400)
    }

    @Test("A service does the same as this process, and lists, exports and drawings go with it")
    func service() async throws {
        try draw(20)
        try FileManager.default.copyItem(atPath: try samples.picture(), toPath: "\(pictures)/picture.png")
        let collector = try await FakeCollector()
        let caller = TraceContext.root()
        try await RunningService.use { service in
            let far = try await service.run(
                arguments(["--otlp", collector.url]), environment: ["TRACEPARENT": caller.traceparent])
            #expect(far.status == 0, "\(far.errors)")
            let spans = collector.spans.filter { $0.service == "boxwood-client" }
            #expect(spans.count == 21 && spans.allSatisfy { $0.trace == caller.trace.text })
            let remote = Dictionary(uniqueKeysWithValues: try lines().map { ($0.key, $0.result?["entities"]) })
            #expect(try await BuiltProgram.run(arguments(["--local", "--overwrite"])).status == 0)
            let local = Dictionary(uniqueKeysWithValues: try lines().map { ($0.key, $0.result?["entities"]) })
            #expect(remote.count == 21 && (remote as NSDictionary) == (local as NSDictionary))

            let list = try samples.write(
                "list.jsonl",
                """
                {"custom_id": "one", "image": "pictures/picture.png", "threshold": 0}
                {"custom_id": "two", "image": "pictures/0001.png", "task": "ask", "question": "What is this?"}
                {"custom_id": "three", "image": "pictures/nowhere.png", "labels": ["dog"]}
                """.utf8)
            let (json, drawn) = (samples.folder.path + "/coco.json", samples.folder.path + "/drawn")
            let listed = try await service.run([
                "batch", list, "--task", "detect", "--label", "apple", "--format", "coco", "--out", json, "--draw",
                drawn,
            ])
            #expect(listed.status == 3, "\(listed.errors)")
            let coco = try #require(
                try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: json))) as? [String: Any])
            let names = (coco["images"] as? [[String: Any]])?.map { $0["file_name"] as? String }
            #expect(names == ["pictures/picture.png", "pictures/0001.png"])
            #expect((coco["annotations"] as? [Any])?.isEmpty == false)
            #expect(FileManager.default.fileExists(atPath: json + ".results.jsonl"))
            for name in ["one", "two"] {
                let png = try Data(contentsOf: URL(fileURLWithPath: "\(drawn)/\(name).png"))
                #expect(try ImageDecoder.header(of: [UInt8](png)).format == .png)
            }
            #expect(!FileManager.default.fileExists(atPath: "\(drawn)/three.png"))
        }
        await collector.stop()
    }

    @Test("A disk that is full ends the run with whole lines, and room to go on with them")
    func fullDisk() async throws {
        try draw(60)
        let command = ([BuiltProgram.path] + arguments(["--local"])).map { "'\($0)'" }.joined(separator: " ")
        // 16 KiB a file.
        let program = try RunningProgram(["-c", "ulimit -f 32; exec \(command)"], program: "/bin/sh")
        let outcome = await program.end()
        #expect(outcome.status == 74, "\(outcome.errors)")
        #expect(outcome.errors.contains("File too large") && outcome.errors.contains("--resume"))
        let before = try lines().count
        #expect(before > 0 && before < 60)
        let again = try await BuiltProgram.run(arguments(["--local", "--resume"]))
        #expect(again.status == 0 && again.errors.contains("\(before) pictures are done"), "\(again.errors)")
        #expect(Set(try lines().map(\.key)).count == 60 && count == 60)
    }

    @Test("A service that goes away ends the run, which another one goes on with")
    func gone() async throws {
        try draw(300)
        let none = try await BuiltProgram.run(arguments(["--endpoint", "ipc:///tmp/boxwood-nobody-\(UUID())"]))
        #expect(none.status == 69 && none.errors.contains("no service answers"), "\(none.errors)")
        try await RunningService.use(workers: 1) { service in
            let program = try RunningProgram(
                arguments(["--endpoint", service.endpoint, "--patience", "100ms", "--resume"]))
            #expect(try await eventually { count >= 20 || !program.isRunning })
            service.program.signal(SIGKILL)
            let outcome = await program.end()
            #expect(outcome.status == 69, "\(outcome.errors)")
            #expect(outcome.errors.contains("--resume"))
        }
        #expect(try lines().allSatisfy { $0.result != nil } && count < 300)
        #expect(try await BuiltProgram.run(arguments(["--local", "--resume"])).status == 0)
        #expect(Set(try lines().map(\.key)).count == 300 && count == 300)
    }

    @Test("What cannot be meant is refused before anything is written")
    func refusals() async throws {
        try draw(2)
        try put("0001.jpg", try Samples.jpeg())
        let twice = try await BuiltProgram.run([
            "batch", pictures, "\(pictures)", "--task", "caption", "--out", out, "--local",
        ])
        #expect(twice.status == 65 && twice.errors.contains("key of two pictures"))
        let cases: [(arguments: [String], status: Int32, words: String)] = [
            (arguments(["--local", "--format", "yolo"]), 64, "would both be 0001.txt"),
            (arguments(["--local", "--draw", pictures + "/drawn"]), 64, "lies in"),
            (arguments(["--local", "--in-flight", "0"]), 64, "1 to 1024"),
            (arguments(["--local", "--in-flight", "1025"]), 64, "1 to 1024"),
            (arguments(["--local", "--in-flight-mb", "0"]), 64, "1 to 65536"),
            (arguments(["--local", "--in-flight-mb", "65537"]), 64, "1 to 65536"),
            (arguments(["--local", "--resume", "--overwrite"]), 64, "exclude"),
            (arguments(["--local", "--question", "What?"]), 64, "does not take"),
        ]
        for (arguments, status, words) in cases {
            let outcome = try await BuiltProgram.run(arguments)
            #expect(outcome.status == status && outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: out))
        let most = arguments(["--local", "--in-flight", "1024", "--in-flight-mb", "65536"])
        #expect(try await BuiltProgram.run(most).status == 0)
        let least = arguments(["--local", "--in-flight", "1", "--in-flight-mb", "1", "--overwrite"])
        #expect(try await BuiltProgram.run(least).status == 0)
    }
}
