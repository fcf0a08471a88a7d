// SPDX-License-Identifier: MIT
import Grounding
import Wire

extension FuzzTarget {
    /// Bodies of the methods that workers answer: what is taken is valid, the same in both encodings, and has prompts.
    ///
    /// An input is the task, as one byte, and the body; the byte after the last task's is a job to be kept.
    static let bodies = FuzzTarget(
        "bodies", runs: 6000, words: BodiesTarget.words, seeds: BodiesTarget.seeds, check: BodiesTarget.check)
}

private enum BodiesTarget {
    static let words = [
        "\"options\"", "\"max_new_tokens\"", "\"no_repeat_ngram\"", "\"threshold\"", "\"box_decoding\"", "\"tiles\"",
        "\"beam\"", "\"width\"", "\"sample\"", "\"temperature\"", "\"top_p\"", "\"seed\"", "\"detail\"",
        "\"grounded\"", "\"labels\"", "\"sentence\"", "\"phrases\"", "\"start\"", "\"end\"", "\"caption\"",
        "\"expression\"", "\"box\"", "\"xmin\"", "\"ymin\"", "\"xmax\"", "\"ymax\"", "\"question\"", "\"prompt\"",
        "\"NaN\"", "\"Infinity\"", "refined", "reference", "brief", "detailed", "auto", "2x2+3x3", "0.5", "1e308",
        "null", "true", "\"custom_id\"", "\"time_to_live_s\"", "\"client\"", "\"metadata\"", "\"detect\"", "\\u0000",
        "\u{301}", "\u{2028}",
    ]

    static let examples: [TaskRequest] = [
        TaskRequest(.caption(detail: .detailed, grounded: true), GenerationOptions(maxNewTokens: 9)),
        TaskRequest(.caption(detail: .brief, grounded: false)),
        TaskRequest(.detect(labels: ["cat", "<object> dog"]), GenerationOptions(decoding: .beam(width: 3))),
        TaskRequest(
            .detect(labels: ["cat"]), GenerationOptions(threshold: 0.25, boxDecoding: .reference, tiles: .auto)),
        TaskRequest(
            .detect(labels: ["a cup"]),
            GenerationOptions(tiles: .grids([.init(columns: 3, rows: 2), .init(columns: 1, rows: 4)]))),
        TaskRequest(
            .ground(sentence: "a cat on a mat", phrases: [0..<5, 9..<14]),
            GenerationOptions(decoding: .sample(temperature: 0.5, topP: 0.25, seed: .max), noRepeatNgram: 3)),
        TaskRequest(.align(caption: "a cat, <phrase>on</phrase> a mat"), GenerationOptions(threshold: 0.5)),
        TaskRequest(.refer(expression: "the left one")),
        TaskRequest(.describe(box: NormalizedBox(xmin: 0, ymin: 0.25, xmax: 0.5, ymax: 1))),
        TaskRequest(.ask(question: "wie groß?", grounded: true)),
        TaskRequest(.generate(prompt: "<grounding> An image of")),
    ]

    static func seeds() throws -> [(name: String, bytes: [UInt8])] {
        let written = examples.enumerated().flatMap { index, request in
            WireEncoding.allCases.map { encoding in
                (
                    "\(request.task.name.rawValue)-\(index)-\(encoding)",
                    place(request.task.name) + request.body(encoding)
                )
            }
        }
        let jobs = examples.enumerated().map { index, request in
            let job = JobSubmission(
                request, image: [1], key: "k", customID: "photo \(index)", client: "c", metadata: ["who": "me"])
            let encoding = WireEncoding.allCases[index % 2]
            return ("job-\(index)-\(encoding)", [UInt8(GroundingTask.Name.allCases.count)] + job.requestBody(encoding))
        }
        let recorded = try ProjectFiles.recordedMessages().filter { $0.way == "client>broker" && $0.frames.count > 3 }
        return written + jobs
            + recorded.compactMap { message in
                let method = Method.allCases.first { PublicText.holds(message.frames[2], Array($0.rawValue.utf8)) }
                return method?.task.map { (message.name, place($0) + message.frames[3]) }
            }
    }

    private static func place(_ name: GroundingTask.Name) -> [UInt8] {
        [UInt8(GroundingTask.Name.allCases.firstIndex(of: name)!)]
    }

    static func check(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        guard let first = input.first else { return false }
        let names = GroundingTask.Name.allCases
        let body = Array(input.dropFirst())
        let place = Int(first) % (names.count + 1)
        guard place < names.count else { return try checkSubmit(body) }
        let name = names[place]
        let request: TaskRequest
        do throws(RPCStatus) {
            request = try TaskRequest(task: name, body: body)
        } catch {
            try checkRefusal(error, body)
            return false
        }
        try promise(request.task.name == name && request.method.task == name, "a body is of its method's task")
        let violations = TaskValidation.violations(request.task, request.options)
        try promise(violations.isEmpty, "what is taken is valid", "\(violations)")
        for encoding in WireEncoding.allCases {
            let again = try? TaskRequest(task: name, body: request.body(encoding))
            try promise(again == request, "a request is the same in both encodings", "\(encoding): \(request)")
        }
        try checkPrompts(request.task)
        return true
    }

    /// A job to be kept: a task, and what its caller calls it.
    private static func checkSubmit(_ body: [UInt8]) throws(BrokenPromise) -> Bool {
        let submission: JobSubmission
        do throws(RPCStatus) {
            submission = try JobSubmission(body: body, image: [1])
        } catch {
            try promise([.invalidArgument, .internal].contains(error.code), "a bad job is refused", error.code.name)
            try PublicText.check(error.description, quoting: body)
            return false
        }
        for text in [submission.key, submission.customID, submission.client] {
            try promise(text.utf8.count <= WireLimits.jobTextBytes && !text.utf8.contains(0), "names keep their limit")
        }
        for encoding in WireEncoding.allCases {
            let again = try? JobSubmission(body: submission.requestBody(encoding), image: [1])
            try promise(again == submission, "a job is the same in both encodings", "\(encoding): \(submission)")
        }
        return true
    }

    private static func checkRefusal(_ status: RPCStatus, _ body: [UInt8]) throws(BrokenPromise) {
        try promise(status.code == .invalidArgument, "a bad body is an invalid argument", status.code.name)
        try promise(
            !status.violations.isEmpty && status.violations.allSatisfy { !$0.field.isEmpty && !$0.description.isEmpty },
            "a refusal names fields", "\(status)")
        try PublicText.check(status.description, quoting: body)
        let answer = BrokerReply.response(CallResponse(id: "1", status: status))
        for encoding in WireEncoding.allCases {
            let frames = answer.frames(encoding)
            try promise(
                frames[2].count <= WireLimits.headerBytes, "a refusal fits a header", "\(frames[2].count) bytes")
            let again = try? BrokerReply(frames: frames)
            try promise(again != nil, "a refusal can be read", "\(encoding)")
        }
    }

    private static func checkPrompts(_ task: GroundingTask) throws(BrokenPromise) {
        let prompts = PromptBuilder.prompts(for: task)
        let expected =
            switch task {
            case .detect(let labels): labels.count
            case .ground(_, let phrases): phrases.count
            default: 1
            }
        try promise(prompts.count == expected, "every label and phrase has a prompt", "\(prompts.count) of \(expected)")
        try promise(prompts.allSatisfy { !$0.text.isEmpty }, "no prompt is empty")
        try promise(
            TaskLimits.maxNewTokens.contains(PromptBuilder.defaultMaxNewTokens(for: task)), "every task has an end")
        for case .patches(let pair) in prompts.flatMap(\.segments) {
            try promise(LocationGrid.isValid(pair), "a box of a prompt lies on the grid", "\(pair)")
        }
    }
}
