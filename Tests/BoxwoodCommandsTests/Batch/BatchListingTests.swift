// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Foundation
import Grounding
import Testing
import Wire

@Suite("Which pictures a run has")
struct BatchListingTests {
    private let folder: URL
    private var root: String { folder.path }
    private static let words: TaskWords = {
        var words = TaskWords(task: .detect)
        words.labels = ["cat"]
        return words
    }()

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "boxwood-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    @discardableResult
    private func put(_ name: String, _ bytes: [UInt8] = [1]) throws -> String {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return file.path
    }

    private func plan(
        _ inputs: [String], _ words: TaskWords = words, _ options: GenerationOptions = GenerationOptions()
    ) throws -> BatchPlan {
        try BatchListing.plan(inputs, words, options)
    }

    @Test(
        "A folder: sorted, deep, without what is hidden; links to files count, links to folders and other files do not")
    func pictures() throws {
        for name in ["p/b.jpg", "p/a/z.PNG", "p/a.JPEG", "p/.hidden.jpg", "p/.git/c.jpg", "p/notes.txt", "p/anim.gif"] {
            try put(name)
        }
        let manager = FileManager.default
        try manager.createSymbolicLink(atPath: "\(root)/p/link.png", withDestinationPath: "b.jpg")
        try manager.createSymbolicLink(atPath: "\(root)/p/gone.png", withDestinationPath: "nowhere.jpg")
        try manager.createSymbolicLink(atPath: "\(root)/p/loop", withDestinationPath: ".")
        for input in ["\(root)/p", "\(root)/p/"] {
            let plan = try plan([input])
            #expect(plan.items.map(\.key) == ["a/z.PNG", "a.JPEG", "anim.gif", "b.jpg", "gone.png", "link.png"])
            #expect(plan.items.map(\.name) == plan.items.map(\.key))
            #expect(plan.requests.count == 1)
        }
    }

    @Test("A list: keys, paths from the list's folder, tasks of single pictures")
    func list() throws {
        let list = try put(
            "lists/run.jsonl",
            Array(
                """
                {"custom_id": "one", "image": "a.jpg"}\r
                {"image": "/abs/b.jpg", "labels": ["dog"], "threshold": 0.5}

                {"custom_id": "q", "image": "a.jpg", "task": "ask", "question": "What?"}
                {"image": "sub/c.jpg"}
                """.utf8))
        let plan = try plan([list])
        #expect(plan.items.map(\.key) == ["one", "/abs/b.jpg", "q", "sub/c.jpg"])
        let places = plan.items.map { if case .file(let path) = $0.source { path } else { "" } }
        #expect(places == ["\(root)/lists/a.jpg", "/abs/b.jpg", "\(root)/lists/a.jpg", "\(root)/lists/sub/c.jpg"])
        #expect(
            plan.items.map { plan.requests[$0.request].task } == [
                .detect(labels: ["cat"]), .detect(labels: ["dog"]), .ask(question: "What?", grounded: false),
                .detect(labels: ["cat"]),
            ])
        #expect(plan.requests.map(\.options.threshold) == [nil, 0.5, nil])
        #expect(plan.requests.count == 3 && Set(plan.digests).count == 3)
    }

    @Test(
        "A line that cannot be meant is refused with its place",
        arguments: [
            (#"{"image": "a.jpg", "lables": ["x"]}"#, "lables"), (#"{"custom_id": "a"}"#, "has no image"),
            (#"{"image": 7}"#, "image of another type"), ("[1]", "not a JSON object"), ("{", "not a JSON object"),
            (#"{"image": ""}"#, "empty image"), (#"{"image": "a", "task": "find"}"#, "none of caption"),
            (#"{"image": "a", "question": "What?"}"#, "question, which detect does not take"),
            (#"{"image": "a", "labels": []}"#, "labels is empty"),
            (#"{"image": "a", "threshold": 2}"#, "threshold is 2"),
            (#"{"image": "a", "task": "refer"}"#, "takes expression"),
            (#"{"image": "a", "task": "describe", "box": [1]}"#, "box of 1 numbers"),
            (#"{"image": "a", "custom_id": "a\nb"}"#, "control characters"),
            (#"{"image": "a", "custom_id": ""}"#, "a key has"),
        ])
    func badLine(_ line: String, _ message: String) throws {
        let list = try put("bad.jsonl", Array("{\"image\": \"ok.jpg\"}\n\(line)\n".utf8))
        let failure = failure { try plan([list]) }
        #expect(failure?.status == .badInput)
        #expect(failure?.message.contains("line 2 of \(list)") == true && failure?.message.contains(message) == true)
    }

    @Test("An archive: keys are names without extension, and only pictures count")
    func archive() throws {
        let bytes =
            TarIndexTests.member("./000.jpg", [1, 2]) + TarIndexTests.member("./000.json", [3])
            + TarIndexTests.member("sub/001.png", [4]) + TarIndexTests.member("sub/._001.png", [5]) + TarIndexTests.end
        let plan = try plan([try put("shard.tar", bytes)])
        #expect(plan.items.map(\.key) == ["000", "sub/001"])
        #expect(plan.items.map(\.name) == ["000.jpg", "sub/001.png"])
        #expect(plan.items.map(BatchPicture.size) == [2, 1])
        let cut = try put("cut.tar", Array(bytes.prefix(513)))
        #expect(failure { try self.plan([cut]) }?.status == .badInput)
    }

    @Test("Pictures of an archive are read where they are, and bad ones say what is wrong")
    func archivedPictures() throws {
        let png = BatchScene.png
        let bytes =
            TarIndexTests.member("a.txt", [1]) + TarIndexTests.member("b.png", png) + TarIndexTests.member("c.png", [])
            + TarIndexTests.member("d.png", [1, 2, 3]) + TarIndexTests.end
        let items = try plan([try put("shard.tar", bytes)]).items
        #expect(try BatchPicture.load(items[0]).bytes == png)
        for (item, words) in zip(items.dropFirst(), ["is empty", "JPEG or PNG"]) {
            let error = #expect(throws: RPCStatus.self) { try BatchPicture.load(item) }
            #expect(error?.code == .invalidArgument && error?.message.contains(words) == true)
        }
        // Cut off after it was listed.
        try put("shard.tar", Array(bytes.prefix(1600)))
        #expect(throws: RPCStatus.self) { try BatchPicture.load(items[0]) }
    }

    @Test("Two pictures with one key are refused, and both are named")
    func duplicates() throws {
        try put("x/a.jpg")
        try put("y/a.jpg")
        let failure = failure { try plan(["\(root)/x", "\(root)/y"]) }
        #expect(failure?.status == .badInput)
        #expect(failure?.message == "\"a.jpg\" is the key of two pictures, \(root)/x/a.jpg and \(root)/y/a.jpg")
    }

    @Test("What is not there, is compressed or has no picture")
    func nothing() throws {
        #expect(failure { try plan(["\(root)/nowhere"]) }?.status == .noInput)
        #expect(failure { try plan(["\(root)/nowhere.jsonl"]) }?.status == .noInput)
        #expect(failure { try plan([root]) }?.message.hasPrefix("there is no picture") == true)
        #expect(failure { try plan([try put("a.tar.gz")]) }?.message.contains("compressed") == true)
        // A picture that is missing is an error of its own, like any other bad one.
        #expect(try plan(["\(root)/nowhere.jpg"]).items.count == 1)
    }

    @Test("A key at the limit is taken, one byte more is not")
    func keyLimit() throws {
        func plan(_ length: Int) throws -> BatchPlan {
            let key = String(repeating: "k", count: length)
            return try self.plan([try put("k.jsonl", Array("{\"custom_id\":\"\(key)\",\"image\":\"a\"}".utf8))])
        }
        #expect(try plan(BatchLimits.keyBytes).items.count == 1)
        #expect(failure { try plan(BatchLimits.keyBytes + 1) }?.status == .badInput)
    }

    @Test("A line at the limit is taken, one byte more is not")
    func lineLimit() throws {
        func plan(_ length: Int) throws -> BatchPlan {
            let line = #"{"image":"a"}"#
            return try self.plan([
                try put("l.jsonl", Array((line + String(repeating: " ", count: length - line.count) + "\n").utf8))
            ])
        }
        #expect(try plan(BatchLimits.listLineBytes).items.count == 1)
        #expect(failure { try plan(BatchLimits.listLineBytes + 1) }?.message.contains("more than") == true)
    }

    @Test("As many pictures as may be are taken, one more is not")
    func pictureLimit() throws {
        for name in ["p/a.jpg", "p/b.jpg", "p/c.jpg"] { try put(name) }
        func plan(_ limit: Int) throws -> BatchPlan {
            try BatchListing.plan(["\(root)/p"], Self.words, GenerationOptions(), limit: limit)
        }
        #expect(try plan(3).items.count == 3)
        #expect(failure { try plan(2) }?.message.contains("more than 2 pictures") == true)
    }

    @Test("Lines of a file at their limit, and past it", arguments: ["12345678", "12345678\nx", "a\n12345678"])
    func fileLines(_ text: String) throws {
        func lines(_ limit: Int) throws -> [String] {
            let path = try put("lines", Array(text.utf8))
            let descriptor = open(path, O_RDONLY)
            defer { close(descriptor) }
            var reader = FileLines(descriptor, limit: limit)
            var lines: [String] = []
            while let line = try reader.next() { lines.append(String(decoding: line.bytes, as: UTF8.self)) }
            return lines
        }
        #expect(try lines(8).joined(separator: "\n") == text)
        #expect(throws: FileLines.Fault.tooLong(offset: text.hasPrefix("a") ? 2 : 0)) { try lines(7) }
    }

    @Test("Folders at the greatest depth are looked into, one deeper is refused")
    func depth() throws {
        let deep = Array(repeating: "d", count: BatchLimits.folderDepth).joined(separator: "/")
        try put("p/\(deep)/a.jpg")
        #expect(try plan(["\(root)/p"]).items.count == 1)
        try put("p/\(deep)/d/b.jpg")
        #expect(failure { try plan(["\(root)/p"]) }?.status == .badInput)
    }

    @Test("Words of another task are refused, and a task has to be named")
    func words() throws {
        let picture = try put("a.jpg")
        var words = TaskWords(task: .caption)
        words.labels = ["cat"]
        #expect(failure { try plan([picture], words) }?.message == "labels is given, which caption does not take")
        #expect(failure { try plan([picture], TaskWords()) }?.status == .usage)
        #expect(failure { try plan([picture], TaskWords(task: .refer)) }?.message.contains("takes expression") == true)
        // In a list, what the command line says is for those that take it.
        let list = try put("l.jsonl", Array(#"{"image":"a","task":"caption"}"#.utf8))
        #expect(try plan([list], Self.words).requests.map(\.task) == [.caption(detail: .brief, grounded: true)])
    }
}

@Suite("Names of pictures")
struct PictureNameTests {
    @Test func stems() {
        #expect(PictureName.stem("a/b.c.JPG") == "a/b.c")
        #expect(PictureName.stem("a.b/c") == "a.b/c")
        #expect(PictureName.stem(".jpg") == ".jpg")
        #expect(PictureName.inside("/a/../../b/./c") == "a/_/_/b/c")
        #expect(PictureName.inside("..") == "_" && PictureName.inside("/") == "_")
        #expect(PictureName.isHidden("a/.b/c.jpg") && !PictureName.isHidden("./a/../b.jpg"))
    }

    @Test("Files of outputs: one for each picture, or an error")
    func outputs() throws {
        #expect(try OutputNames.names(["a/b.jpg", "c"], extension: "txt") == ["a/b.txt", "c.txt"])
        #expect(failure { try OutputNames.names(["a.jpg", "a.png"], extension: "txt") }?.status == .usage)
        #expect(failure { try OutputNames.names(["../a.jpg", "_/a.png"], extension: "txt") }?.status == .usage)
        #expect(
            failure { try OutputNames.names(["classes.jpg"], extension: "txt", reserved: ["classes.txt"]) }?.status
                == .usage)
    }
}
