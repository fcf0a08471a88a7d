// SPDX-License-Identifier: MIT
import Client
import Foundation
import Grounding
import TestSupport
import Testing
import Wire

/// The gateway of a whole service, over sockets.
@Suite(
    "HTTP", .serialized, .enabled(if: BuiltProgram.exists, "the program is not built beside the tests"),
    .enabled(if: BuiltProgram.hasModel, "models/boxwood-nano is not here"))
struct GatewayServiceTests {
    private func use(
        options: [String] = [], _ body: (RunningService, Int) async throws -> Void
    ) async throws {
        try await RunningService.use(workers: 1, options: ["--http", "127.0.0.1:0"] + options) { service in
            var port: Int?
            _ = try await eventually {
                let line = service.program.outputSoFar.split(separator: "\n").first { $0.hasPrefix("http ") }
                port = line.flatMap { Int($0.split(separator: ":").last?.dropLast() ?? "") }
                return port != nil
            }
            try await body(service, try #require(port))
        }
    }

    private func form(_ fields: [(String, String)], _ image: [UInt8]) -> ([(String, String)], [UInt8]) {
        var body: [UInt8] = []
        for (name, value) in fields {
            body += Array("--B\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8)
        }
        body += Array("--B\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\n".utf8) + image
        return ([("Content-Type", "multipart/form-data; boundary=B")], body + Array("\r\n--B--\r\n".utf8))
    }

    private func json(_ text: String, _ image: [UInt8]) -> ([(String, String)], [UInt8]) {
        let body = text.replacingOccurrences(of: "IMAGE", with: Data(image).base64EncodedString())
        return ([("Content-Type", "application/json")], Array(body.utf8))
    }

    @Test("The same result by form, by JSON, as events, and by ZeroMQ; and in others' shapes")
    func results() async throws {
        let image = try Samples.png()
        try await use { service, port in
            let expected = try await service.client.run(.detect(labels: ["red disc", "moon"]), image: image)
            let boxes = expected.entities.flatMap(\.boxes).map(\.patches)
            var (headers, body) = form([("labels", "red disc"), ("labels", "moon")], image)
            let byForm = try HTTPExchange("POST", "/v1/detect", port: port, headers: headers, body: body)
            #expect(byForm.status == 200 && byForm.headers["content-type"] == "application/json")
            #expect(try GroundingResult(body: byForm.body).entities.flatMap(\.boxes).map(\.patches) == boxes)
            (headers, body) = json(#"{"image":"IMAGE","labels":["red disc","moon"]}"#, image)
            let byJSON = try HTTPExchange("POST", "/v1/detect", port: port, headers: headers, body: body)
            #expect(try GroundingResult(body: byJSON.body).entities == expected.entities)
            let stream = try HTTPExchange(
                "POST", "/v1/detect", port: port, headers: headers + [("Accept", "text/event-stream")], body: body)
            #expect(stream.headers["content-type"] == "text/event-stream")
            let events = stream.events
            #expect(events.last?.event == "result" && events.dropLast().allSatisfy { $0.event == "entity" })
            #expect(try GroundingResult(body: Array(events.last!.data.utf8)).entities == expected.entities)
            let told = try events.dropLast().map { try GroundingEvent(body: Array($0.data.utf8)) }
            #expect(told.compactMap(\.entity) == expected.entities)
            #expect(told.map(\.caption).joined() == expected.caption)
            try shapes(port, image, expected)
        }
    }

    private func shapes(_ port: Int, _ image: [UInt8], _ expected: GroundingResult) throws {
        var (headers, body) = json(
            #"{"inputs":"IMAGE","parameters":{"candidate_labels":["red disc","moon"]}}"#, image)
        let list = try HTTPExchange(
            "POST", "/huggingface/zero-shot-object-detection", port: port, headers: headers, body: body)
        let found = try #require(try JSONSerialization.jsonObject(with: Data(list.body)) as? [[String: Any]])
        #expect(found.count == expected.entities.flatMap(\.boxes).count)
        let text = try HTTPExchange(
            "POST", "/huggingface/image-to-text", port: port, headers: [("Content-Type", "image/png")], body: image)
        #expect(text.status == 200 && text.text.hasPrefix(#"[{"generated_text":"#), "\(text.text)")
        (headers, body) = json(
            #"{"model":"any","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,IMAGE"}},{"type":"text","text":"Please provide the bounding box of the red disc."}]}]}"#,
            image)
        let chat = try HTTPExchange("POST", "/v1/chat/completions", port: port, headers: headers, body: body)
        let choice = try #require((try chat.object["choices"] as? [[String: Any]])?.first)
        let content = try #require((choice["message"] as? [String: Any])?["content"] as? String)
        let numbers = content.dropFirst().dropLast().split(separator: ",").compactMap {
            Double($0.trimmingCharacters(in: .whitespaces))
        }
        #expect(numbers.count == 4 && numbers.allSatisfy { (0...1).contains($0) }, "\(content)")
    }

    @Test("What cannot be answered is a problem, and says which")
    func problems() async throws {
        let image = try Samples.png()
        try await use { _, port in
            func status(
                _ method: String, _ path: String, _ headers: [(String, String)] = [], _ body: [UInt8] = []
            ) throws -> Int {
                let exchange = try HTTPExchange(method, path, port: port, headers: headers, body: body)
                let object = try exchange.object
                #expect(exchange.headers["content-type"] == "application/problem+json", "\(method) \(path)")
                #expect(object["status"] as? Int == exchange.status && object["code"] is String)
                #expect(exchange.headers["x-content-type-options"] == "nosniff")
                return exchange.status
            }
            let (headers, body) = form([("labels", " ")], image)
            let blank = try HTTPExchange("POST", "/v1/detect", port: port, headers: headers, body: body)
            let violations = try blank.object["violations"] as? [[String: String]]
            #expect(blank.status == 400 && violations?.first?["field"] == "labels[0]", "\(blank.text)")
            #expect(try status("GET", "/nowhere") == 404)
            #expect(try status("POST", "/v1/detect", [("Content-Type", "text/plain")], [1]) == 415)
            let (good, picture) = form([("labels", "cat")], image)
            #expect(try status("POST", "/v1/detect", good + [("Accept", "image/png")], picture) == 406)
            #expect(try status("POST", "/v1/detect", good + [("Boxwood-Timeout-Ms", "soon")], picture) == 400)
            #expect(try status("POST", "/v1/detect", good + [("Origin", "http://example.com")], picture) == 403)
            #expect(try status("POST", "/v1/detect", good + [("Host", "example.com")], picture) == 421)
            let long = good + [("Content-Length", String(64 << 20))]
            #expect(try status("POST", "/v1/detect", long, []) == 413)
            let (noPicture, text) = form([("labels", "cat")], Array("no picture".utf8))
            #expect(try status("POST", "/v1/detect", noPicture, text) == 400)
            #expect(try status("POST", "/v1/detect", good + [("Boxwood-Timeout-Ms", "0")], picture) == 504)
            #expect(try status("GET", "/v1/jobs") == 400)
            for (method, path, allowed) in [
                ("GET", "/v1/detect", "POST"), ("DELETE", "/v1/jobs", "GET, HEAD, POST"),
                ("TRACE", "/metrics", "GET, HEAD"),
                ("POST", "/v1/jobs/x", "GET, HEAD, DELETE"),
            ] {
                #expect(try status(method, path) == 405)
                #expect(try HTTPExchange(method, path, port: port).headers["allow"] == allowed)
            }
        }
    }

    @Test("Who leaves cancels his call, whether he waits for an answer or for events", arguments: [false, true])
    func leaving(isStream: Bool) async throws {
        let image = try Samples.png()
        try await use { service, port in
            let fields = Samples.manyLabels.map { ("labels", $0) } + [("options.threshold", "0")]
            let (headers, body) = form(fields, image)
            let accept = isStream ? [("Accept", "text/event-stream")] : []
            var peer: RawPeer? = try RawPeer("tcp://127.0.0.1:\(port)")
            peer?.send(HTTPExchange.request("POST", "/v1/detect", port: port, headers: headers + accept, body: body))
            let isRunning = try await eventually { try await service.client.status().queue.running == 1 }
            #expect(isRunning)
            peer = nil
            _ = peer
            let isOver = try await eventually(within: .seconds(20)) {
                let status = try await service.client.status()
                return status.queue.running == 0 && status.counters["calls_cancelled_total"] == 1
            }
            #expect(isOver)
        }
    }

    @Test("Jobs, from the submission to the result")
    func jobs() async throws {
        let image = try Samples.png()
        let samples = try Samples()
        try await use(options: ["--journal", samples.folder.appending(path: "jobs.db").path]) { _, port in
            let (headers, body) = json(#"{"image":"IMAGE","caption":{},"custom_id":"photo 1"}"#, image)
            let submitted = try HTTPExchange("POST", "/v1/jobs", port: port, headers: headers, body: body)
            let id = try #require(try submitted.object["id"] as? String)
            #expect(submitted.status == 201 && submitted.headers["location"] == "/v1/jobs/\(id)")
            let settled = try HTTPExchange("GET", "/v1/jobs/\(id)?wait_ms=20000", port: port)
            #expect(try settled.object["state"] as? String == "SUCCEEDED" && settled.object["result"] != nil)
            let list = try HTTPExchange("GET", "/v1/jobs?state=succeeded&custom_id_prefix=photo", port: port)
            #expect((try list.object["jobs"] as? [[String: Any]])?.first?["id"] as? String == id)
            let cancelled = try HTTPExchange("DELETE", "/v1/jobs/\(id)", port: port)
            #expect(try cancelled.object["state"] as? String == "SUCCEEDED", "it was settled")
            #expect(try HTTPExchange("GET", "/v1/jobs/none", port: port).status == 404)
            #expect(try HTTPExchange("GET", "/v1/jobs?colour=red", port: port).status == 400)
        }
    }

    @Test("What the service says of itself, and whom it tells")
    func service() async throws {
        let samples = try Samples()
        let tokens = try samples.write("tokens", Array("anna 0123456789abcdef\n".utf8))
        chmod(tokens, 0o600)
        try await use(options: ["--tokens", tokens]) { service, port in
            let token = [("Authorization", "Bearer 0123456789abcdef")]
            #expect(try HTTPExchange("GET", "/v1/models", port: port).status == 401)
            let models = try HTTPExchange("GET", "/v1/models", port: port, headers: token)
            #expect((try models.object["data"] as? [[String: Any]])?.first?["id"] as? String == "boxwood-nano")
            let status = try HTTPExchange("GET", "/v1/status", port: port, headers: token)
            #expect(try status.object["workers"] as? Int == 1)
            #expect(try HTTPExchange("GET", "/healthz", port: port).text == "alive\n")
            #expect(try HTTPExchange("GET", "/readyz", port: port).text == "ready\n")
            let metrics = try HTTPExchange("GET", "/metrics", port: port, headers: token).text
            #expect(metrics.contains(#"boxwood_gateway_requests_total{route="models",status="401"} 1"#), "\(metrics)")
            #expect(metrics.contains(#"role="gateway""#))
            try Data("bert fedcba9876543210\n".utf8).write(to: URL(fileURLWithPath: tokens))
            let isNew = try await eventually {
                try HTTPExchange("GET", "/v1/models", port: port, headers: token).status == 401
            }
            #expect(isNew, "who is not in the file any more is not let in any more")
        }
    }
}
