// SPDX-License-Identifier: MIT
import Grounding
import Wire

/// Values that use every field.
enum Samples {
    static let dispatch = Dispatch(call: "5f0c-12", attempt: 2)
    static let model = ModelIdentity(name: "boxwood-nano", revision: "0123abcd", precision: "f32")
    static let status = RPCStatus(
        .resourceExhausted, "the queue is full", violations: [FieldViolation("labels[3]", "is empty")],
        retryDelayMilliseconds: 250, reason: .queueFull, reasonMetadata: ["limit_bytes": "1"])

    static let requests: [ClientMessage] = [
        .request(
            CallRequest(
                id: "7", method: Method.detect.rawValue, timeoutMilliseconds: 0, metadata: ["a.b-c_d": "ü"],
                idempotencyKey: "k", traceparent: "00-0-0-01", previousAttempts: 2, priority: .batch,
                pixels: 4_000_000_000, eventWindow: 1024, body: [1, 2, 3], image: [9])),
        .request(CallRequest(id: "8", method: Method.caption.rawValue, body: [])),
        .cancel(id: "7", reason: "why not"),
        .grant(id: "7", events: 4_000_000_000),
    ]
    static let replies: [BrokerReply] = [
        .event(CallEvent(id: "7", sequence: 3, body: [1])),
        .response(
            CallResponse(id: "7", status: .ok, attempts: 2, metadata: ["k": "v"], eventsLeftOut: 3, body: [1, 2])),
        .response(CallResponse(id: "", status: status)),
    ]
    static let workerMessages: [WorkerMessage] = [
        .hello(
            WorkerHello(
                instance: "c0ffee", name: "Bänk", pid: 4711, version: "0.1.0", model: model, credits: 2,
                methods: [Method.ask.rawValue], imageLimits: WireImageLimits(maxBytes: 1, maxPixels: 2, maxSide: 3))),
        .started(dispatch),
        .partial(JobPartial(dispatch: dispatch, sequence: 1, body: [5])),
        .result(JobResult(dispatch: dispatch, status: .ok, body: [5])),
        .result(JobResult(dispatch: dispatch, status: status)),
        .beat(WorkerBeat(progress: 12, jobs: [dispatch], isBusy: true)),
        .drain(returned: [dispatch]),
        .credit(3, returned: [dispatch]), .credit(0, returned: []),
        .bye(.ok),
    ]
    static let orders: [BrokerOrder] = [
        .welcome(
            WorkerWelcome(worker: "w3", beatIntervalMilliseconds: 500, liveness: 3, stallLimitMilliseconds: 60_000)),
        .who,
        .job(
            Job(
                dispatch: dispatch, id: "7", method: Method.refer.rawValue, remainingMilliseconds: 10,
                queueMilliseconds: 1, resultEncoding: .json, metadata: ["k": "v"], traceparent: "t", pixels: 12,
                streams: true, body: [1], image: [2, 3])),
        .cancel(dispatch, reason: "deadline"),
        .beat, .drain, .bye(status),
    ]

    static let result = GroundingResult(
        id: "7", task: .detect, model: model,
        image: ImageDescription(width: 640, height: 480, sha256: "00ff", orientation: 6),
        caption: "a \"red\" square\n\u{2028}🟥",
        entities: [
            Entity(
                phrase: "a square", span: 0..<8, label: "square", source: .model,
                boxes: [
                    GroundedBox(
                        pixels: PixelBox(xmin: 0, ymin: 7.5, xmax: 640, ymax: 480),
                        normalized: NormalizedBox(xmin: 0, ymin: 0.015625, xmax: 1, ymax: 1), score: 0,
                        patches: PatchPair(upperLeft: 0, lowerRight: 1023))
                ]),
            Entity(phrase: "nothing", span: 3..<3, source: .request, boxes: []),
        ], text: "<grounding>", finishReason: .length, warnings: ["odd", ""],
        usage: Usage(
            promptTokens: 75, generatedTokens: 0, imageCacheHit: true, cachedPromptTokens: 67, tiles: 4),
        timing: Timing(queue: 0, decodeImage: 0.1, vision: 1e-7, prefill: 1e21, generate: 2, total: 3), attempts: 2)

    static let tasks: [TaskRequest] = [
        TaskRequest(.caption(detail: .brief, grounded: false)),
        TaskRequest(.caption(detail: .detailed, grounded: true), GenerationOptions(maxNewTokens: 9)),
        TaskRequest(.detect(labels: ["cat", "<object> dog"]), GenerationOptions(decoding: .beam(width: 3))),
        TaskRequest(
            .ground(sentence: "a cat on a mat", phrases: [0..<5, 9..<14]),
            GenerationOptions(
                decoding: .sample(temperature: 0.5, topP: 0.25, seed: .max), noRepeatNgram: 3)),
        TaskRequest(.align(caption: "a cat, <phrase>on</phrase> a mat"), GenerationOptions(threshold: 0.5)),
        TaskRequest(
            .detect(labels: ["cat"]), GenerationOptions(threshold: 0.25, boxDecoding: .reference)),
        TaskRequest(.detect(labels: ["cat"]), GenerationOptions(tiles: .auto)),
        TaskRequest(
            .detect(labels: ["cat"]),
            GenerationOptions(tiles: .grids([.init(columns: 3, rows: 2), .init(columns: 1, rows: 4)]))),
        TaskRequest(.refer(expression: "the left one")),
        TaskRequest(.describe(box: NormalizedBox(xmin: 0, ymin: 0.25, xmax: 0.5, ymax: 1))),
        TaskRequest(.ask(question: "what?", grounded: false)),
        TaskRequest(.generate(prompt: "<grounding> An image of")),
    ]
}
