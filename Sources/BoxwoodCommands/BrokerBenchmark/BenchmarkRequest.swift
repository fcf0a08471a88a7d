// SPDX-License-Identifier: MIT
import Grounding
import Wire

/// The call that is measured: a caption, of another picture each time, so that nothing is known of it.
struct BenchmarkRequest {
    let method: String
    let body: [UInt8]
    private(set) var image: [UInt8]
    private var number: UInt64

    /// - Parameter caller: told apart from the others', whose pictures differ.
    init(bytes: Int, caller: Int) {
        let request = TaskRequest(.caption(detail: .brief, grounded: true), GenerationOptions())
        method = request.method.rawValue
        body = request.body(.protobuf)
        // The words of a picture are all but random; so are these, and every page of them is really there.
        var state = UInt64(caller) &+ 1
        image = (0..<bytes).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        // Another one than in the turn before, whose answers the broker still keeps under their keys.
        number = UInt64(caller) << 40 | UInt64.random(in: 0..<1 << 40)
    }

    mutating func nextPicture() {
        number += 1
        for index in 0..<min(8, image.count) { image[index] = UInt8(truncatingIfNeeded: number >> (8 * UInt64(index))) }
    }

    /// The call as a client of the protocol writes it.
    var message: [[UInt8]] {
        let id = String(number, radix: 36)
        return ClientMessage.request(
            CallRequest(
                id: id, method: method, timeoutMilliseconds: 60_000, idempotencyKey: "key-of-28-characters-or-so-\(id)",
                body: body, image: image)
        ).frames(.protobuf)
    }

    /// An answer of the size that a worker's has, for what answers without a worker.
    static var answer: [[UInt8]] {
        let result = GroundingResult(
            id: "1a2b3c4d", task: .caption, model: ModelIdentity(name: "pretended", revision: "0", precision: "f32"),
            image: ImageDescription(width: 1, height: 1, sha256: "", orientation: 1), caption: "a penguin",
            entities: [], text: "a penguin", finishReason: .stop)
        let response = CallResponse(id: "1a2b3c4d", status: .ok, attempts: 1, body: result.body(.protobuf))
        return BrokerReply.response(response).frames(.protobuf)
    }
}
