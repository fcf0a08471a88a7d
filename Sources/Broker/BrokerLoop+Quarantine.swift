// SPDX-License-Identifier: MIT

internal import Foundation
internal import Logging
import SwiftProtobuf
internal import Wire

// What cost workers: kept, shown, tried again, dropped.
extension BrokerLoop {
    func quarantine(_ id: CallID, _ blame: Blame) {
        guard let work = works[id] else { return }
        logger.warning("quarantine", metadata: ["call": "\(epoch)-\(id)", "workers_lost": "\(blame.losses)"])
        if let earlier = work.quarantineID, quarantine[earlier] != nil {
            quarantine.failedAgain(earlier, blame)
        } else {
            quarantine.add(Quarantine.Entry(id: "\(epoch)-\(id)", request: work.request, blame: blame, since: now))
        }
    }

    func answerQuarantine(_ method: Method, _ request: CallRequest, _ peer: Peer) throws(RPCStatus) {
        switch method {
        case .quarantineList:
            _ = try WireEncoding.decodeRequest(ProtoQuarantineListRequest.self, from: request.body)
            answer(peer, request, .ok, body: request.encoding.encode(quarantineList))
        case .quarantineShow:
            let message = try WireEncoding.decodeRequest(ProtoQuarantineShowRequest.self, from: request.body)
            answer(peer, request, .ok, body: try show(message, request.encoding))
        case .quarantineDrop:
            let message = try WireEncoding.decodeRequest(ProtoQuarantineDropRequest.self, from: request.body)
            let dropped = message.all ? quarantine.removeAll() : try drop(message.id)
            let response = ProtoQuarantineDropResponse.with { $0.dropped = UInt32(dropped) }
            answer(peer, request, .ok, body: request.encoding.encode(response))
        default:
            let message = try WireEncoding.decodeRequest(ProtoQuarantineRetryRequest.self, from: request.body)
            try retry(try entry(message.id), request, peer)
        }
    }

    private func entry(_ id: String) throws(RPCStatus) -> Quarantine.Entry {
        guard let entry = quarantine[id] else { throw RPCStatus(.notFound, "nothing of that id is in quarantine") }
        return entry
    }

    private func drop(_ id: String) throws(RPCStatus) -> Int {
        _ = try entry(id)
        quarantine.remove(id)
        return 1
    }

    /// Once more, as a call of whoever asks: with its time, and answered to it.
    private func retry(_ entry: Quarantine.Entry, _ request: CallRequest, _ peer: Peer) throws(RPCStatus) {
        guard let method = Method(rawValue: entry.request.method) else {
            throw RPCStatus(.notFound, "nothing of that id is in quarantine")
        }
        quarantine.retried(entry.id)
        var again = entry.request
        again.timeoutMilliseconds = request.timeoutMilliseconds
        again.idempotencyKey = ""
        again.encoding = request.encoding
        again.eventWindow = request.eventWindow
        accept(
            again, as: request.id, from: peer, terms: terms(of: again, method, peer), quarantineID: entry.id)
    }

    private func show(_ message: ProtoQuarantineShowRequest, _ encoding: WireEncoding) throws(RPCStatus) -> [UInt8] {
        let entry = try entry(message.id)
        let response = ProtoQuarantineShowResponse.with {
            $0.entry = describing(entry)
            $0.body = Data(entry.request.body)
            if message.image { $0.image = Data(entry.request.image ?? []) }
        }
        let body = encoding.encode(response)
        guard body.count <= WireLimits.responseBodyBytes else {
            throw .tooLarge("entry with its picture", bytes: body.count, limit: WireLimits.responseBodyBytes)
        }
        return body
    }

    private var quarantineList: ProtoQuarantineListResponse {
        .with {
            $0.entries = quarantine.entries.map(describing)
            $0.entriesLimit = UInt32(Quarantine.entriesLimit)
            $0.bytes = Double(quarantine.bytes)
            $0.bytesLimit = Double(Quarantine.bytesLimit)
        }
    }

    private func describing(_ entry: Quarantine.Entry) -> ProtoQuarantineEntry {
        .with {
            $0.id = entry.id
            $0.call = entry.request.id
            $0.method = entry.request.method
            $0.bodyBytes = UInt32(entry.request.body.count)
            $0.imageBytes = UInt32(entry.request.picture?.count ?? 0)
            $0.attempts = UInt32(entry.blame.attempts)
            $0.losses = UInt32(entry.blame.losses)
            $0.failures = UInt32(entry.blame.failures)
            $0.retries = UInt32(entry.retries)
            $0.ageMs = (now - entry.since).milliseconds
        }
    }
}
