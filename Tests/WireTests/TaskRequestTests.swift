// SPDX-License-Identifier: MIT
import Grounding
import Testing
import Wire

struct TaskRequestTests {
    private func refusal(_ task: GroundingTask.Name, _ json: String) -> RPCStatus? {
        do throws(RPCStatus) {
            _ = try TaskRequest(task: task, body: Array(json.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: Samples.tasks, WireEncoding.allCases)
    func everyTaskRoundTrips(_ request: TaskRequest, _ encoding: WireEncoding) throws {
        let body = request.body(encoding)
        #expect(body.isEmpty || WireEncoding(of: body) == encoding)
        #expect(try TaskRequest(task: request.task.name, body: body) == request)
    }

    @Test(arguments: GroundingTask.Name.allCases)
    func everyTaskHasItsMethod(_ name: GroundingTask.Name) {
        #expect(Method(name).task == name)
    }

    @Test func brokerMethodsHaveNoTask() {
        #expect(
            Method.allCases.filter { $0.task == nil } == [
                .healthCheck, .healthWatch, .discovery, .adminStatus, .quarantineList, .quarantineShow,
                .quarantineRetry, .quarantineDrop, .jobSubmit, .jobGet, .jobWait, .jobCancel, .jobList, .drain,
                .undrain,
            ])
    }

    @Test func defaultsOfAnEmptyBody() throws {
        #expect(try TaskRequest(task: .caption, body: []).task == .caption(detail: .brief, grounded: true))
        #expect(try TaskRequest(task: .caption, body: Array("{}".utf8)).options == GenerationOptions())
    }

    @Test(arguments: [
        ("detect", "{}", "labels"),
        ("detect", #"{"labels":["a",""]}"#, "labels[1]"),
        ("refer", #"{"expression":"a\u0000b"}"#, "expression"),
        ("align", #"{"caption":"a\u0000b"}"#, "caption"),
        ("align", "{}", "caption"),
        ("ask", #"{"question":" "}"#, "question"),
        ("generate", "{}", "prompt"),
        ("caption", #"{"detail":"long"}"#, "detail"),
        ("ground", #"{"sentence":"a cat"}"#, "phrases"),
        ("ground", #"{"sentence":"a cat","phrases":[{"start":0,"end":4294967295}]}"#, "phrases[0]"),
        ("ground", #"{"sentence":"a cat","phrases":[{"start":0,"end":1},{"start":3,"end":3}]}"#, "phrases[1]"),
        ("describe", "{}", "box"),
        ("describe", #"{"box":{"xmin":0,"ymin":0,"xmax":"NaN","ymax":1}}"#, "box"),
        ("caption", #"{"options":{"max_new_tokens":0}}"#, "options.max_new_tokens"),
        ("caption", #"{"options":{"beam":{"width":99}}}"#, "options.beam.width"),
        ("caption", #"{"options":{"sample":{"temperature":0}}}"#, "options.sample.temperature"),
        ("caption", #"{"options":{"sample":{"temperature":1,"top_p":2}}}"#, "options.sample.top_p"),
        ("caption", #"{"options":{"no_repeat_ngram":33}}"#, "options.no_repeat_ngram"),
        ("detect", #"{"labels":["cat"],"options":{"threshold":1.5}}"#, "options.threshold"),
        ("detect", #"{"labels":["cat"],"options":{"threshold":"NaN"}}"#, "options.threshold"),
        ("caption", #"{"options":{"threshold":0.5}}"#, "options.threshold"),
        ("detect", #"{"labels":["cat"],"options":{"box_decoding":"fine"}}"#, "options.box_decoding"),
        ("detect", #"{"labels":["cat"],"options":{"tiles":"2x"}}"#, "options.tiles"),
        ("detect", #"{"labels":["cat"],"options":{"tiles":"9x1"}}"#, "options.tiles"),
        ("detect", #"{"labels":["cat"],"options":{"tiles":"4x4+1x1"}}"#, "options.tiles"),
        (
            "ground", #"{"sentence":"a cat","phrases":[{"start":0,"end":5}],"options":{"tiles":"auto"}}"#,
            "options.tiles"
        ),
        ("refer", #"{"expression":"a cat","options":{"tiles":"2x2"}}"#, "options.tiles"),
    ])
    func wrongFieldsAreNamed(_ task: String, _ json: String, _ field: String) throws {
        let name = try #require(GroundingTask.Name(rawValue: task))
        let status = try #require(refusal(name, json))
        #expect(status.code == .invalidArgument)
        #expect(status.violations.map(\.field) == [field])
    }

    @Test(arguments: ["{", #"{"lables":["cat"]}"#, #"{"labels":"cat"}"#, #"{"labels":["\ud800"]}"#, "{} {}"])
    func unreadableBodies(_ json: String) {
        let status = refusal(.detect, json)
        #expect(status?.code == .invalidArgument)
        #expect(status?.reason == .malformedBody)
        #expect(status?.violations.map(\.field) == ["body"])
    }

    @Test func aSlipOfThePenIsNamed() {
        #expect(refusal(.detect, #"{"lables":["cat"]}"#)?.violations.first?.description.contains("lables") == true)
    }

    @Test func aThresholdOfZeroIsNotItsAbsence() throws {
        let body = Array(#"{"labels":["cat"],"options":{"threshold":0}}"#.utf8)
        #expect(try TaskRequest(task: .detect, body: body).options.threshold == 0)
        let request = TaskRequest(.detect(labels: ["cat"]), GenerationOptions(threshold: 0))
        for encoding in WireEncoding.allCases {
            #expect(try TaskRequest(task: .detect, body: request.body(encoding)).options.threshold == 0)
        }
    }

    @Test func aRunLengthOfZeroIsNotItsAbsence() throws {
        let body = Array(#"{"options":{"no_repeat_ngram":0}}"#.utf8)
        #expect(try TaskRequest(task: .caption, body: body).options.noRepeatNgram == 0)
        #expect(try TaskRequest(task: .caption, body: Array("{}".utf8)).options.noRepeatNgram == nil)
        let request = TaskRequest(.caption(detail: .brief, grounded: true), GenerationOptions(noRepeatNgram: 0))
        for encoding in WireEncoding.allCases {
            #expect(try TaskRequest(task: .caption, body: request.body(encoding)).options.noRepeatNgram == 0)
        }
    }

    @Test(arguments: [(#""refined""#, BoxDecoding.refined), (#""reference""#, .reference), (#""""#, .refined)])
    func boxDecodings(_ word: String, _ decoding: BoxDecoding) throws {
        let body = Array(#"{"labels":["cat"],"options":{"box_decoding":\#(word)}}"#.utf8)
        #expect(try TaskRequest(task: .detect, body: body).options.boxDecoding == decoding)
    }

    @Test func seedsOfSixtyFourBitsAreReadAsNumberAndAsText() throws {
        for seed in ["18446744073709551615", "\"18446744073709551615\""] {
            let json = #"{"options":{"sample":{"temperature":1,"seed":\#(seed)}}}"#
            let request = try TaskRequest(task: .caption, body: Array(json.utf8))
            #expect(request.options.decoding == .sample(temperature: 1, topP: 1, seed: .max))
        }
    }
}
