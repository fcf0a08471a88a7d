// SPDX-License-Identifier: MIT
import Foundation
import Grounding
import Testing
import Wire

/// The recorded conversations are what `protocol/README.md` says, written by another implementation; here they are
/// read, and written again.
struct ExampleReplayTests {
    @Test func everyFileIsReplayed() throws {
        let folder = Examples.protocolFolder.appending(path: "examples").path
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(files.sorted() == Examples.conversations.map { "\($0).jsonl" })
    }

    @Test(arguments: try Examples.all().filter { $0.refused == nil })
    func messageIsReadAndWrittenAgain(_ message: RecordedMessage) throws {
        let encoding = WireEncoding(of: message.frames[2])
        let again: [[UInt8]] =
            switch message.way {
            case "client>broker": try ClientMessage(frames: message.frames).frames(encoding)
            case "broker>client": try BrokerReply(frames: message.frames).frames(encoding)
            case "worker>broker": try WorkerMessage(frames: message.frames).frames(encoding)
            default: try BrokerOrder(frames: message.frames).frames(encoding)
            }
        // JSON may be written in another order, and defaults left out or not; the binary form is one.
        if encoding == .protobuf { #expect(again == message.frames) }
        #expect(again.count == message.frames.count)
        switch message.way {
        case "client>broker": #expect(try ClientMessage(frames: again) == ClientMessage(frames: message.frames))
        case "broker>client": #expect(try BrokerReply(frames: again) == BrokerReply(frames: message.frames))
        case "worker>broker": #expect(try WorkerMessage(frames: again) == WorkerMessage(frames: message.frames))
        default: #expect(try BrokerOrder(frames: again) == BrokerOrder(frames: message.frames))
        }
    }

    /// Each refused message is followed by its answer, the stranger's by none.
    @Test func refusalsAreAnsweredAsRecorded() throws {
        let lines = try Examples.read("refusals")
        for (index, line) in lines.enumerated() where line.way == "client>broker" {
            let error = try #require(throws: FrameError.self) { try ClientMessage(frames: line.frames) }
            #expect("\(error.fault)" == line.refused, "\(line.note)")
            guard error.deservesAnswer else { continue }
            let answer = lines[index + 1].frames
            #expect(error.encoding == WireEncoding(of: answer[2]), "\(line.note)")
            #expect(
                try BrokerReply(frames: answer) == .response(CallResponse(refusing: error)), "\(line.note)")
        }
    }

    @Test func invalidArgumentsAreAnsweredAsRecorded() throws {
        let lines = try Examples.read("invalid-arguments")
        for (index, line) in lines.enumerated() where line.way == "client>broker" {
            let name = try #require(GroundingTask.Name(rawValue: line.task ?? ""))
            let status = try #require(throws: RPCStatus.self) { try TaskRequest(task: name, body: line.frames[3]) }
            guard case .response(let answer) = try BrokerReply(frames: lines[index + 1].frames) else {
                Issue.record("no response follows \(line.note)")
                continue
            }
            #expect(answer.status == status)
        }
    }

    @Test(arguments: ["detect-json", "detect-protobuf"])
    func bodiesOfADetection(_ name: String) throws {
        let lines = try Examples.read(name)
        let request = try TaskRequest(task: .detect, body: lines[0].frames[3])
        #expect(request.task == .detect(labels: ["red square", "a blue circle"]))
        #expect(request.options == GenerationOptions(maxNewTokens: 16))
        #expect(
            try TaskRequest(task: .caption, body: lines[2].frames[3]).task == .caption(detail: .brief, grounded: true))

        let body = lines[1].frames[3]
        let result = try GroundingResult(body: body)
        #expect(result.entities.first?.boxes.first?.score == 0.875)
        #expect(result.body(WireEncoding(of: body)) == body)
    }

    @Test(arguments: ["health-watch-json", "health-watch-protobuf"])
    func bodiesOfAWatch(_ name: String) throws {
        let lines = try Examples.read(name)
        let request = try WireEncoding.decodeRequest(ProtoHealthRequest.self, from: lines[0].frames[3])
        #expect(request.service == Method.groundingService)
        let states = try [1, 2].map {
            try WireEncoding.decodeResponse(ProtoHealthResponse.self, from: lines[$0].frames[3]).status
        }
        #expect(states == [.notServing, .serving])
    }
}
