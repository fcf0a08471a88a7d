// SPDX-License-Identifier: MIT
import Client
import Foundation
import Grounding
import Messaging
import Wire

/// What a line of the table finds amiss.
struct Mismatch: Error, CustomStringConvertible {
    let description: String
}

/// Our client at the broker of the interop lines, and a plain socket for what a client does not say.
struct InteropPeer: Sendable {
    let endpoint: String
    static let picture = Array("picture".utf8)

    func client(_ encoding: WireEncoding = .protobuf) throws -> BoxwoodClient {
        try BoxwoodClient(
            ClientConfiguration(
                endpoint: endpoint, connectTimeout: .seconds(30), retry: .never, encoding: encoding))
    }

    static func check(_ holds: Bool, _ words: @autoclosure () -> String) throws {
        if !holds { throw Mismatch(description: words()) }
    }

    static func body(_ question: String, _ encoding: WireEncoding = .protobuf) -> [UInt8] {
        TaskRequest(.ask(question: question, grounded: false)).body(encoding)
    }

    /// The caption that comes back.
    func answer(
        _ question: String, image: [UInt8] = picture, metadata: [String: String] = [:],
        key: String? = nil,
        by client: BoxwoodClient? = nil
    ) async throws -> String {
        let client = try client ?? self.client()
        let response = try await client.call(
            Method.ask.rawValue, body: Self.body(question, client.configuration.encoding), image: image,
            metadata: metadata, idempotencyKey: key)
        return try GroundingResult(body: response.body).caption
    }

    /// The status of a call that has to be refused so.
    @discardableResult
    func refusal(
        _ code: StatusCode, _ reason: RPCStatus.Reason? = nil, _ call: () async throws -> Void
    ) async throws -> RPCStatus {
        do {
            try await call()
        } catch let status as RPCStatus {
            try Self.check(status.code == code, "\(status)")
            try Self.check(
                reason == nil || status.reason == reason, "the reason \(status.reason?.rawValue ?? "-")")
            return status
        }
        throw Mismatch(description: "OK instead of \(code.name)")
    }

    func refusal(
        _ code: StatusCode, _ reason: RPCStatus.Reason? = nil, method: String = Method.ask.rawValue,
        body: [UInt8] = [],
        image: [UInt8]? = picture, timeout: Duration? = nil, metadata: [String: String] = [:]
    ) async throws -> RPCStatus {
        let client = try client()
        return try await refusal(code, reason) {
            _ = try await client.call(
                method, body: body, image: image, timeout: timeout, metadata: metadata)
        }
    }

    /// Asks until the answer is as it should be.
    func until(_ question: String, is wanted: Int) async throws {
        let client = try client()
        for _ in 0..<3000 {
            if try await answer(question, by: client) == "\(wanted)" { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Mismatch(description: "\(question) is not \(wanted)")
    }

    func number(_ question: String) async throws -> Int { Int(try await answer(question)) ?? -1 }
}

extension InteropPeer {
    /// Sends messages by one plain socket, each frame as it is, and returns what comes back.
    ///
    /// - Parameters:
    ///   - expecting: the messages that have to come.
    ///   - quiet: milliseconds for which nothing more may come.
    func exchange(_ messages: [[[UInt8]]], expecting: Int, quiet: Int = 100) throws -> [[[UInt8]]] {
        try exchange([(messages, expecting)], quiet: quiet)
    }

    /// The same in turns: the messages of each are sent when all that the turn before expected has come, and nothing more for
    /// a while.
    func exchange(_ turns: [(say: [[[UInt8]]], hear: Int)], quiet: Int = 100) throws -> [[[UInt8]]] {
        let socket = try Socket(Context(), .dealer)
        try socket.connect(try Endpoint(endpoint))
        func next(_ limit: Duration) throws -> [[UInt8]]? {
            let end = ContinuousClock.now + limit
            while ContinuousClock.now < end {
                if let frames = try socket.receive() { return frames }
                _ = try Poller.wait([socket.pollItem], timeout: end - .now)
            }
            return nil
        }
        var replies: [[[UInt8]]] = []
        for turn in turns {
            for message in turn.say { try socket.send(message) }
            for number in 0..<turn.hear {
                guard let frames = try next(.seconds(60)) else {
                    throw Mismatch(description: "\(number) answers instead of \(turn.hear)")
                }
                replies.append(frames)
            }
            if let more = try next(.milliseconds(quiet)) {
                throw Mismatch(description: "also got \(String(decoding: more.joined(), as: UTF8.self))")
            }
        }
        return replies
    }

    /// The same for one message and its RESPONSE.
    func response(to message: [[UInt8]]) throws -> CallResponse {
        try Self.response(try exchange([message], expecting: 1)[0])
    }

    /// Sends a message that has to be refused so.
    func refusal(_ code: StatusCode, _ reason: RPCStatus.Reason, id: String, of message: [[UInt8]])
        throws
    {
        let response = try response(to: message)
        try Self.check(
            response.status.code == code && response.status.reason == reason, "\(response.status)")
        try Self.check(response.id == id, "the id is \(response.id)")
    }

    static func event(_ frames: [[UInt8]]) throws -> CallEvent {
        guard case .event(let event) = try BrokerReply(frames: frames) else {
            throw Mismatch(description: "a RESPONSE instead of an EVENT")
        }
        return event
    }

    static func response(_ frames: [[UInt8]]) throws -> CallResponse {
        guard case .response(let response) = try BrokerReply(frames: frames) else {
            throw Mismatch(description: "an EVENT instead of a RESPONSE")
        }
        return response
    }

    /// A message whose frames behind the first are these texts.
    static func message(_ texts: String...) -> [[UInt8]] { (["BXW1"] + texts).map { Array($0.utf8) } }

    static func request(
        _ id: String, _ method: Method = .ask, _ question: String? = nil, window: UInt32 = 0,
        encoding: WireEncoding = .protobuf, body: WireEncoding = .protobuf
    ) -> [[UInt8]] {
        ClientMessage.request(
            CallRequest(
                id: id, method: method.rawValue, timeoutMilliseconds: 60_000, eventWindow: window,
                body: question.map { Self.body($0, body) } ?? [], image: question == nil ? nil : picture)
        ).frames(encoding)
    }
}
