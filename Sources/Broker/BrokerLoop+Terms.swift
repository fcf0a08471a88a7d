// SPDX-License-Identifier: MIT

internal import Wire

// What the scheduler is told of a request: sizes and hashes of bytes, and nothing of what they mean.
extension BrokerLoop {
    func terms(of request: CallRequest, _ method: Method, _ peer: Peer) -> CallTerms {
        let picture = request.picture.map { $0.withUnsafeBytes(PictureHash.key) }
        return CallTerms(
            client: peer.client, account: peer.payer,
            bytes: request.body.count + (request.picture?.count ?? 0) + WireLimits.headerBytes
                + (request.eventWindow > 0 ? WireLimits.waitingEventBytes : 0),
            pixels: Int(request.pixels ?? 0),
            deadline: now + .milliseconds(Int(request.effectiveTimeoutMilliseconds)),
            priority: request.priority == .batch ? .batch : .interactive, kind: kind(of: method, request),
            picture: picture,
            key: request.idempotencyKey.isEmpty ? nil : IdempotencyKey(scope: scope(of: peer), request.idempotencyKey),
            fingerprint: fingerprint(of: request, picture))
    }

    /// Keys of different callers have nothing to do with each other. Where connections have no keys of their own, nobody can
    /// tell callers apart, and one that comes again by a new connection is to find its call.
    private func scope(of peer: Peer) -> [UInt8] { peer.identity == nil ? [] : peer.payer.bytes }

    /// Calls of one method whose bodies are alike in size are expected to take equally long: a body grows with its labels.
    private func kind(of method: Method, _ request: CallRequest) -> Int {
        let ordinal = Method.allCases.firstIndex(of: method)!
        return ordinal * Int.bitWidth + Int.bitWidth - request.body.count.leadingZeroBitCount
    }

    /// What the request asks for, and how it is to be answered.
    private func fingerprint(of request: CallRequest, _ picture: PictureKey?) -> UInt64 {
        let head = Array("\(request.method) \(request.encoding)".utf8)
        let parts = [PictureHash.key(head), PictureHash.key(request.body), picture ?? PictureKey(high: 0, low: 0)]
        return parts.reduce(0) { ($0 &* 31 &+ $1.high) &* 31 &+ $1.low }
    }
}
