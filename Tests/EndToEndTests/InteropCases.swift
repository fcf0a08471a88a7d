// SPDX-License-Identifier: MIT
import Client
import Foundation
import Grounding
import Wire

/// The lines of `protocol/interop.md`, by our client.
enum InteropCases {
    typealias Line = @Sendable (InteropPeer) async throws -> Void

    static let all = answers.merging(endings) { first, _ in first }.merging(refusals) { first, _ in
        first
    }

    private static func check(_ holds: Bool, _ words: @autoclosure () -> String) throws {
        try InteropPeer.check(holds, words())
    }

    /// Calls that end well.
    private static let answers: [String: Line] = [
        "empty_unary": { peer in
            try check(try await peer.client().health() == .serving, "not serving")
        },
        "large_unary": { peer in
            var random = SystemRandomNumberGenerator()
            let picture = (0..<500_000).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
            let sum = picture.reduce(0) { $0 + Int($1) }
            try check(
                try await peer.answer("size", image: picture) == "\(picture.count) \(sum)",
                "bytes were lost")
            let large = try await peer.answer("large 1000000")
            try check(
                large == String(repeating: "x", count: 1_000_000), "\(large.utf8.count) bytes came back")
        },
        "encodings": { peer in
            for encoding in WireEncoding.allCases {
                let words = "words in \(encoding)"
                let client = try peer.client(encoding)
                try check(try await peer.answer("echo \(words)", by: client) == words, "\(encoding)")
                let frames = try peer.exchange(
                    [InteropPeer.request("a", .ask, "echo \(words)", encoding: encoding, body: encoding)],
                    expecting: 1)[
                        0]
                try check(
                    frames[2...].allSatisfy { WireEncoding(of: $0) == encoding },
                    "not answered in \(encoding)")
            }
        },
        "mixed_encodings": { peer in
            let frames = try peer.exchange(
                [InteropPeer.request("a", .ask, "echo both", encoding: .json, body: .protobuf)],
                expecting: 1)[0]
            try check(frames[2...].allSatisfy { WireEncoding(of: $0) == .json }, "not answered in JSON")
            let caption = try GroundingResult(body: try InteropPeer.response(frames).body).caption
            try check(caption == "both", caption)
        },
        "delimiter": { peer in
            let frames = try peer.exchange(
                [[[]] + InteropPeer.request("a", .ask, "echo once")], expecting: 1)[0]
            try check(frames.first == [], "no empty frame in front")
            try check(try InteropPeer.response(Array(frames.dropFirst())).status.isOK, "not OK")
        },
        "out_of_order": { peer in
            let frames = try peer.exchange(
                [
                    InteropPeer.request("slow", .ask, "sleep 500"),
                    InteropPeer.request("quick", .ask, "echo first"),
                ],
                expecting: 2)
            let ids = try frames.map { try InteropPeer.response($0).id }
            try check(ids == ["quick", "slow"], "\(ids)")
            let client = try peer.client()
            async let slow = peer.answer("sleep 500", by: client)
            let (quick, slept) = (try await peer.answer("echo first", by: client), try await slow)
            try check(quick == "first" && slept == "slept", "\(quick), \(slept)")
        },
        "metadata": { peer in
            let words = try await peer.answer(
                "metadata", metadata: ["x.trace": "\u{263A}", "tenant": "seven"])
            try check(words == "tenant=seven x.trace=\u{263A}", words)
        },
        "idempotency_key": { peer in
            let (key, question) = ("key-\(UUID().uuidString)", "count \(UUID().uuidString)")
            async let second = peer.answer(question, key: key)
            let counts = [try await peer.answer(question, key: key), try await second]
            let third = try await peer.answer(question, key: key)
            try check(counts == ["1", "1"] && third == "1", "\(counts), then \(third)")
            try await peer.refusal(.failedPrecondition, .keyReused) {
                _ = try await peer.answer("echo x", key: key)
            }
        },
        "discovery": { peer in
            let methods = try await peer.client().describe().methods.map(\.path)
            try check(methods.contains(Method.ask.rawValue), "\(methods)")
        },
        "soak": { peer in
            let client = try peer.client()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<1000 {
                    if number >= 16 { try await group.next() }
                    group.addTask {
                        let words = try await peer.answer("echo number \(number)", by: client)
                        try check(words == "number \(number)", "\(words) for \(number)")
                    }
                }
                try await group.waitForAll()
            }
        },
    ]

    /// Calls that are given up, run out of time, or go on.
    private static let endings: [String: Line] = [
        "repeated_id": { peer in
            let twice = [
                InteropPeer.request("same", .ask, "sleep 300"),
                InteropPeer.request("same", .ask, "sleep 300"),
            ]
            let frames = try peer.exchange(twice, expecting: 1, quiet: 500)
            try check(try InteropPeer.response(frames[0]).status.isOK, "not OK")
        },
        "cancel_after_begin": { peer in
            let stopped = try await peer.number("stopped")
            let call = Task { try await peer.answer("sleep 60000") }
            try await peer.until("running", is: 1)
            call.cancel()
            try await peer.refusal(.cancelled) { _ = try await call.value }
            try await peer.until("stopped", is: stopped + 1)
            let cancel = ClientMessage.cancel(id: "a", reason: "").frames(.protobuf)
            let frames = try peer.exchange(
                [InteropPeer.request("a", .ask, "sleep 60000"), cancel, cancel], expecting: 1)
            try check(try InteropPeer.response(frames[0]).status.code == .cancelled, "not CANCELLED")
        },
        "cancel_unknown": { peer in
            let cancel = ClientMessage.cancel(id: "nobody", reason: "").frames(.protobuf)
            let frames = try peer.exchange(
                [cancel, InteropPeer.request("a", .ask, "echo on")], expecting: 1)
            try check(try InteropPeer.response(frames[0]).status.isOK, "not OK")
        },
        "events": { peer in
            let stream = try peer.client().stream(
                .ask(question: "tell 5", grounded: true), image: InteropPeer.picture, window: 64)
            var (caption, entities, result) = ("", [Entity](), GroundingResult?.none)
            for try await element in stream {
                switch element {
                case .event(let event):
                    caption += event.caption
                    entities += event.entity.map { [$0] } ?? []
                case .result(let end): result = end
                }
            }
            try check(result?.entities.count == 5 && result?.entities == entities, "\(entities)")
            try check(result?.caption == caption, caption)
        },
        "cancel_after_first_entity": { peer in
            let stopped = try await peer.number("stopped")
            let stream = try peer.client().stream(
                .ask(question: "tell 3000", grounded: true), image: InteropPeer.picture)
            for try await _ in stream { break }
            try await peer.until("stopped", is: stopped + 1)
            let cancel = ClientMessage.cancel(id: "t", reason: "").frames(.protobuf)
            let frames = try peer.exchange(
                [([InteropPeer.request("t", .ask, "tell 3000", window: 1)], 1), ([cancel], 1)])
            try check(try InteropPeer.event(frames[0]).sequence == 0, "not the first")
            try check(try InteropPeer.response(frames[1]).status.code == .cancelled, "not CANCELLED")
            try await peer.until("stopped", is: stopped + 2)
        },
        "back_pressure": { peer in
            let grant = ClientMessage.grant(id: "t", events: 3).frames(.protobuf)
            let frames = try peer.exchange(
                [([InteropPeer.request("t", .ask, "tell 100", window: 2)], 2), ([grant], 3), ([], 1)])
            let events = try frames.dropLast().map { try InteropPeer.event($0) }
            try check(events.map(\.sequence) == [0, 1, 2, 3, 4], "\(events.map(\.sequence))")
            let response = try InteropPeer.response(frames[5])
            let count = try GroundingResult(body: response.body).entities.count
            try check(
                count == 100 && response.eventsLeftOut >= 95, "\(count), \(response.eventsLeftOut) left out"
            )
        },
        "cancel_after_first_event": { peer in
            let client = try peer.client()
            for try await event in client.stream(
                Method.healthWatch.rawValue, body: [], timeout: .seconds(60))
            {
                try check(event.sequence == 0, "sequence \(event.sequence)")
                break
            }
            let cancel = ClientMessage.cancel(id: "w", reason: "").frames(.protobuf)
            let frames = try peer.exchange(
                [InteropPeer.request("w", .healthWatch), cancel], expecting: 2)
            guard case .event(let event) = try BrokerReply(frames: frames[0]) else {
                throw Mismatch(description: "no EVENT")
            }
            try check(event.id == "w" && event.sequence == 0, "\(event.id), \(event.sequence)")
            try check(try InteropPeer.response(frames[1]).status.code == .cancelled, "not CANCELLED")
        },
        "timeout_on_sleeping_worker": { peer in
            let stopped = try await peer.number("stopped")
            let begin = ContinuousClock.now
            _ = try await peer.refusal(
                .deadlineExceeded, body: InteropPeer.body("sleep 60000"), timeout: .milliseconds(300))
            try check(begin.duration(to: .now) >= .milliseconds(300), "too early")
            try await peer.until("stopped", is: stopped + 1)
        },
        "timeout_zero": { peer in
            _ = try await peer.refusal(
                .deadlineExceeded, body: InteropPeer.body("echo late"), timeout: .zero)
        },
        "watch_limit": { peer in
            let watches = (0..<17).map { InteropPeer.request("w\($0)", .healthWatch) }
            async let meanwhile = peer.answer("echo meanwhile")
            let frames = try peer.exchange(watches, expecting: 17)
            let replies = try frames.map { try BrokerReply(frames: $0) }
            let statuses = replies.compactMap {
                if case .response(let response) = $0 { response.status } else { nil }
            }
            let sequences = replies.compactMap {
                if case .event(let event) = $0 { event.sequence } else { nil }
            }
            try check(statuses.map(\.reason) == [.queueFull], "\(statuses)")
            try check(sequences == Array(repeating: 0, count: 16), "\(sequences)")
            try check(try await meanwhile == "meanwhile", "the other connection")
        },
    ]

    /// Calls that are refused.
    private static let refusals: [String: Line] = [
        "status_code_and_message": { peer in
            let body = InteropPeer.body("fail INVALID_ARGUMENT some words")
            let status = try await peer.refusal(.invalidArgument, body: body)
            try check(
                status.message == "some words" && status.violations.map(\.field) == ["question"],
                "\(status)")
        },
        "special_status_message": { peer in
            let status = try await peer.refusal(.aborted, body: InteropPeer.body("special"))
            let wanted = "\t\nblanks \r\nand \u{263A} and \u{1F608}\t\n"
            try check(Array(status.message.utf8) == Array(wanted.utf8), "\(Array(status.message.utf8))")
        },
        "foreign_status": { peer in
            _ = try await peer.refusal(
                .unknown, .foreignStatus, body: InteropPeer.body("fail UNAVAILABLE words"))
        },
        "unknown_method": { peer in
            _ = try await peer.refusal(
                .unimplemented, .unknownMethod, method: "/boxwood.v1.Grounding/Nothing")
        },
        "unknown_service": { peer in
            _ = try await peer.refusal(.unimplemented, .unknownMethod, method: "/boxwood.v1.Nothing/Ask")
        },
        "unknown_kind": { peer in
            try peer.refusal(
                .unimplemented, .unknownKind, id: "", of: InteropPeer.message("SHOUT", #"{"id": "x"}"#))
        },
        "unknown_version": { peer in
            let message = ["BXW9", "REQUEST", #"{"id": "x"}"#, "{}"].map { Array($0.utf8) }
            try peer.refusal(.unimplemented, .unsupportedVersion, id: "", of: message)
        },
        "bad_header": { peer in
            try peer.refusal(
                .internal, .malformedHeader, id: "", of: InteropPeer.message("REQUEST", "{", "{}"))
            let nameless = InteropPeer.message("REQUEST", #"{"id": "x"}"#, "{}")
            try peer.refusal(.internal, .malformedHeader, id: "x", of: nameless)
        },
        "bad_frames": { peer in
            let message = InteropPeer.request("x", .ask, "echo") + [[1]]
            try peer.refusal(.internal, .malformedFrames, id: "x", of: message)
        },
        "bad_body": { peer in
            _ = try await peer.refusal(
                .invalidArgument, .malformedBody, body: Array(#"{"qestion": "echo"}"#.utf8))
        },
        "no_image": { peer in
            let status = try await peer.refusal(
                .invalidArgument, body: InteropPeer.body("echo"), image: nil)
            try check(status.violations.map(\.field) == ["image"], "\(status)")
        },
        "too_large": { peer in
            let body = [UInt8](repeating: 0, count: WireLimits.requestBodyBytes + 1)
            // Our client says so itself; the broker says the same.
            _ = try await peer.refusal(.resourceExhausted, .tooLarge, body: body)
            let request = CallRequest(
                id: "x", method: Method.ask.rawValue, body: body, image: InteropPeer.picture)
            try peer.refusal(
                .resourceExhausted, .tooLarge, id: "x", of: ClientMessage.request(request).frames(.protobuf)
            )
        },
        "bad_metadata": { peer in
            _ = try await peer.refusal(
                .internal, .malformedHeader, body: InteropPeer.body("metadata"),
                metadata: ["Tenant": "seven"])
        },
    ]
}
