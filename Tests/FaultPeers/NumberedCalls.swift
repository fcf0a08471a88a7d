// SPDX-License-Identifier: MIT
import Client
import Foundation
import Grounding
import Wire

/// A client of all brokers whose calls are numbered: it writes down how each of them ended.
struct NumberedCalls: Load {
    let client: BoxwoodClient
    let ledger: Ledger
    let name: String

    /// For a whole call, with all that may happen to it.
    static let timeout: Duration = .seconds(30)

    init(_ options: Options, _ ledger: Ledger) throws {
        client = try BoxwoodClient(
            ClientConfiguration(endpoints: options.fronts, timeout: Self.timeout, credential: try options.credential))
        self.ledger = ledger
        name = options.name
    }

    func run(_ payload: Payload, isStopping: @Sendable () -> Bool) async {
        ledger.note("ask", ["n": payload.number, "k": payload.kind.rawValue])
        do throws(RPCStatus) {
            let result = try await client.run(.ask(question: payload.question, grounded: false), image: payload.image)
            ledger.note(
                "answer",
                ["n": payload.number, "s": "OK", "ok": payload.isAnswered(by: result), "a": result.attempts])
        } catch {
            ledger.note("answer", error.fields.merging(["n": payload.number]) { $1 })
        }
    }

    func finish() async {
        // Every call has ended: an answer that comes for one of them now or came before was one too many.
        ledger.note("done", ["strays": client.strayCount])
        client.close()
    }
}

extension Payload {
    /// Whether it is this payload's answer, made from its picture.
    func isAnswered(by result: GroundingResult) -> Bool {
        isAnswered(caption: result.caption, checksum: result.image.sha256)
    }

    func isAnswered(caption: String, checksum: String) -> Bool {
        caption == question && checksum == Self.checksum(of: image)
    }
}

extension RPCStatus {
    /// For a ledger.
    var fields: [String: any Sendable] {
        ["s": code.name, "r": reason?.rawValue ?? "", "m": message]
    }
}
