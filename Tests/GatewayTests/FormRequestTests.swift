// SPDX-License-Identifier: MIT

import Foundation
import Gateway
import Grounding
import HTTPTypes
import Testing
import Wire

@Suite("Requests over HTTP")
struct FormRequestTests {
    private func form(_ fields: [(String, String)]) throws -> FormRequest {
        let text = fields.map { "--B\r\nContent-Disposition: form-data; name=\"\($0)\"\r\n\r\n\($1)\r\n" }.joined()
        return try FormRequest(Array((text + "--B--").utf8), contentType: "multipart/form-data; boundary=B")
    }

    private func json(_ text: String) throws -> FormRequest {
        try FormRequest(Array(text.utf8), contentType: "application/json; charset=utf-8")
    }

    private func refusal(_ work: () throws -> FormRequest) -> Problem? {
        do {
            _ = try work()
            return nil
        } catch {
            return error as? Problem
        }
    }

    @Test("a form's fields are the request's")
    func fields() throws {
        let request = try form([
            ("labels", "cat"), ("image", "bytes"), ("labels", "dog, brown"), ("options.threshold", "0.25"),
            ("options.tiles", "2x2"), ("options.beam.width", "2"),
        ])
        #expect(request.image == Array("bytes".utf8))
        let task = try TaskRequest(task: .detect, body: request.body)
        #expect(task.task == .detect(labels: ["cat", "dog, brown"]))
        #expect(task.options.threshold == 0.25 && task.options.decoding == .beam(width: 2))
    }

    @Test("what is no plain word comes as JSON, or all of the request does")
    func nested() throws {
        let phrases = try form([("image", "x"), ("sentence", "a cat"), ("phrases", #"[{"start":0,"end":5}]"#)])
        #expect(
            try TaskRequest(task: .ground, body: phrases.body).task == .ground(sentence: "a cat", phrases: [0..<5]))
        let whole = try form([("request", #"{"question":"what?","grounded":false}"#), ("image", "x")])
        #expect(try TaskRequest(task: .ask, body: whole.body).task == .ask(question: "what?", grounded: false))
        let plain = try form([("image", "x"), ("question", "what?"), ("grounded", "false")])
        #expect(try TaskRequest(task: .ask, body: plain.body).task == .ask(question: "what?", grounded: false))
    }

    @Test("a JSON object has the picture in base64, or as a data: URI")
    func picture() throws {
        for image in ["AAEC", "data:image/png;base64,AAEC", "data:;BASE64,AAEC", "AA\\r\\nEC"] {
            let request = try json(
                #"{"image":"\#(image)","expression":"the cat","options":{"sample":{"temperature":1,"seed":9007199254740993}}}"#
            )
            #expect(request.image == [0, 1, 2])
            let task = try TaskRequest(task: .refer, body: request.body)
            #expect(task.task == .refer(expression: "the cat"))
            #expect(task.options.decoding == .sample(temperature: 1, topP: 1, seed: 9_007_199_254_740_993))
        }
    }

    @Test(
        "JSON that is none, or has no picture",
        arguments: [
            "", "[]", "{", #"{"labels":["cat"]}"#, #"{"image":7}"#, #"{"image":""}"#, #"{"image":"A-_C"}"#,
            #"{"image":"data:image/png,abc"}"#, #"{"image":"A"}"#,
        ])
    func badJSON(text: String) {
        let problem = refusal { try json(text) }
        #expect(problem?.http.code == 400 && problem?.code == .invalidArgument)
    }

    @Test(
        "forms with fields that cannot be",
        arguments: [
            [("labels", "cat")], [("image", "")], [("image", "x"), ("image", "y")],
            [("image", "x"), ("colour", "red")],
            [("image", "x"), ("options.threshold", "much")], [("image", "x"), ("grounded", "1")],
            [("image", "x"), ("question", "a"), ("question", "b")], [("image", "x"), ("request", "[]")],
            [("image", "x"), ("phrases", "{")], [("image", "x"), ("options", "1"), ("options.tiles", "2x2")],
        ])
    func badForms(fields: [(String, String)]) {
        let problem = refusal { try form(fields) }
        #expect(problem?.http.code == 400 && problem?.code == .invalidArgument, "\(problem.map(\.json) ?? "taken")")
    }

    @Test("any other body", arguments: [nil, "text/plain", "image/jpeg", "application/x-www-form-urlencoded"])
    func others(type: String?) {
        #expect(refusal { try FormRequest([1], contentType: type) }?.http.code == 415)
    }
}

@Suite("Problems")
struct ProblemTests {
    @Test("the HTTP status of each code is the one of google.rpc.Code")
    func statuses() {
        let expected: [StatusCode: Int] = [
            .ok: 200, .cancelled: 499, .unknown: 500, .invalidArgument: 400, .deadlineExceeded: 504, .notFound: 404,
            .alreadyExists: 409, .permissionDenied: 403, .resourceExhausted: 429, .failedPrecondition: 400,
            .aborted: 409,
            .outOfRange: 400, .unimplemented: 501, .internal: 500, .unavailable: 503, .dataLoss: 500,
            .unauthenticated: 401,
        ]
        for code in StatusCode.allCases { #expect(Problem(RPCStatus(code)).http.code == expected[code], "\(code)") }
    }

    @Test("everything that a status says is in the problem, as JSON")
    func json() throws {
        let status = RPCStatus(
            .resourceExhausted, "the \"queue\" is full", violations: [FieldViolation("labels[0]", "is blank")],
            retryDelayMilliseconds: 1200, reason: .queueFull)
        let object = try JSONSerialization.jsonObject(with: Data(Problem(status).json.utf8)) as? [String: Any]
        #expect(object?["status"] as? Int == 429 && object?["code"] as? String == "RESOURCE_EXHAUSTED")
        #expect(object?["detail"] as? String == "the \"queue\" is full" && object?["reason"] as? String == "QUEUE_FULL")
        #expect(object?["retry_after_ms"] as? Int == 1200)
        #expect(
            (object?["violations"] as? [[String: String]])?.first == ["field": "labels[0]", "description": "is blank"])
    }
}
