// SPDX-License-Identifier: MIT
import Foundation
import Testing

/// Debian's, which has the `python3-zmq` that `dev/setup.sh` installs.
enum Python {
    static let path = "/usr/bin/python3"

    static let hasZeroMQ: Bool = {
        guard let probe = try? RunningProgram(["-c", "import zmq"], program: path) else { return false }
        while probe.isRunning { Thread.sleep(forTimeInterval: 0.01) }
        return !probe.errorsSoFar.contains("Error")
    }()
}

/// Clients that share nothing with us but `protocol/README.md`: Python with pyzmq and json.
@Suite(
    "Clients in another language",
    .enabled(if: BuiltProgram.exists, "the program is not built beside the tests"),
    .enabled(if: BuiltProgram.hasModel, "models/boxwood-nano is not here"),
    .enabled(if: Python.hasZeroMQ, "/usr/bin/python3 has no zmq: install python3-zmq"))
struct ForeignClientTests {
    private static let scene = BuiltProgram.model + "/samples/scene-1.jpg"

    private func run(_ script: String, _ arguments: [String]) async throws -> BuiltProgram.Outcome {
        let program = try RunningProgram(["-c", script] + arguments, program: Python.path)
        program.send([])
        return await program.end()
    }

    /// The one script in the protocol's document.
    private func documented() throws -> String {
        let document = URL(fileURLWithPath: BuiltProgram.model).appending(path: "../../protocol/README.md")
        let text = try String(contentsOf: document.standardizedFileURL, encoding: .utf8)
        let start = try #require(text.range(of: "```python\n"))
        let end = try #require(text.range(of: "```", range: start.upperBound..<text.endIndex))
        return String(text[start.upperBound..<end.lowerBound])
    }

    @Test("The document's own client finds the penguin")
    func example() async throws {
        let script = try documented()
        try await RunningService.use { service in
            let here = script.replacingOccurrences(of: "tcp://127.0.0.1:5540", with: service.endpoint)
            #expect(here != script)
            let outcome = try await run(here, [Self.scene, "penguin", "guitar"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let words = outcome.output.split(separator: "\n").map { $0.split(separator: " ") }
            let penguin = try #require(words.first { $0.first == "penguin" })
            let numbers = penguin.dropFirst().compactMap { Double($0) }
            #expect(numbers.count == 5 && numbers[0] > 0 && numbers[0] <= 1)
            #expect(numbers[1] < numbers[3] && numbers[2] < numbers[4])
        }
    }

    @Test("A grounded caption, and a refusal that names the field")
    func caption() async throws {
        let script = """
            import json, sys, zmq
            socket = zmq.Context.instance().socket(zmq.DEALER)
            socket.connect(sys.argv[1])
            def call(id, method, body, *image):
                header = {"id": id, "method": "/boxwood.v1.Grounding/" + method, "timeout_ms": 60000}
                socket.send_multipart([b"BXW1", b"REQUEST", json.dumps(header).encode(), json.dumps(body).encode(), *image])
                version, kind, head, body = socket.recv_multipart()
                return {"kind": kind.decode(), "head": json.loads(head), "body": json.loads(body or b"null")}
            picture = open(sys.argv[2], "rb").read()
            print(json.dumps([call("a", "Caption", {}, picture), call("b", "Detect", {"labels": []}, picture),
                              call("c", "Caption", {"wrong": 1}, picture), call("d", "Caption", {})]))
            """
        try await RunningService.use(workers: 1) { service in
            let outcome = try await run(script, [service.endpoint, Self.scene])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let answers = try JSONDecoder().decode([Answer].self, from: Data(outcome.output.utf8))
            #expect(answers.map(\.kind) == Array(repeating: "RESPONSE", count: 4))
            #expect(answers.map(\.head.id) == ["a", "b", "c", "d"])
            #expect(answers.map(\.head.status.code) == ["OK"] + Array(repeating: "INVALID_ARGUMENT", count: 3))
            let result = try #require(answers[0].body)
            #expect(!result.caption.isEmpty)
            let boxes = result.entities.flatMap(\.boxes)
            #expect(!boxes.isEmpty && boxes.allSatisfy { $0.xmin < $0.xmax && $0.ymin < $0.ymax })
            for entity in result.entities {
                let scalars = Array(result.caption.unicodeScalars)[entity.span[0]..<entity.span[1]]
                #expect(String(String.UnicodeScalarView(scalars)) == entity.phrase)
            }
        }
    }

    private struct Answer: Decodable {
        struct Status: Decodable { var code: String }
        struct Head: Decodable {
            var id: String
            var status: Status
        }
        struct Box: Decodable { var xmin, ymin, xmax, ymax: Double }
        struct Entity: Decodable {
            var phrase: String
            var span: [Int]
            var boxes: [Box]
        }
        struct Result: Decodable {
            var caption: String
            var entities: [Entity]
        }
        var kind: String
        var head: Head
        var body: Result?
    }
}
