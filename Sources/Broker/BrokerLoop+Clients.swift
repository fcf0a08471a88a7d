// SPDX-License-Identifier: MIT

internal import Messaging
internal import Wire

// The front: what clients say, and what they are told.
extension BrokerLoop {
    /// How many messages are taken from one socket before the other has its turn.
    static let turn = 64

    func drainFront() throws(MessagingError) {
        for _ in 0..<Self.turn {
            guard var frames = try frontListener.socket.receive() else { return }
            guard !frames.isEmpty else { continue }
            let routing = frames.removeFirst()
            let peer = Peer(routing: routing, isDelimited: Delimiter.take(from: &frames))
            do throws(FrameError) {
                hear(try ClientMessage(frames: frames), from: peer)
            } catch {
                refuse(error, from: peer)
            }
            takeOutUnreachable()
        }
    }

    private func refuse(_ error: FrameError, from peer: Peer) {
        counters.refusedFrames += 1
        guard error.id.isEmpty || !isOpen(error.id, peer) else {
            counters.repeated += 1
            return
        }
        if error.deservesAnswer { send(peer, .response(CallResponse(refusing: error)), error.encoding) }
    }

    func hear(_ message: ClientMessage, from peer: Peer) {
        switch message {
        case .cancel(let id, _): cancel(id, from: peer)
        case .request(let request): hear(request, from: peer)
        }
    }

    func cancel(_ id: String, from peer: Peer) {
        if let call = callsByClient[peer.client]?[id] {
            perform(scheduler.callCancelled(call, at: now))
        } else if let index = watchers.firstIndex(where: { $0.peer == peer && $0.request.id == id }) {
            let watcher = watchers.remove(at: index)
            answer(peer, watcher.request, RPCStatus(.cancelled, "the call was cancelled"))
        } else if let question = jobs?.cancelQuestion(id, of: peer) {
            answer(peer, question, RPCStatus(.cancelled, "the call was cancelled"))
        }
    }

    func hear(_ request: CallRequest, from peer: Peer) {
        // A second request under an open id is a repetition, whatever it asks: the first one's answer is the answer.
        guard !isOpen(request.id, peer) else {
            counters.repeated += 1
            return
        }
        guard let method = Method(rawValue: request.method) else {
            counters.unknownMethods += 1
            answer(
                peer, request,
                RPCStatus(.unimplemented, "there is no method \(request.method)", reason: .unknownMethod))
            return
        }
        guard method.task == nil else {
            accept(request, from: peer)
            return
        }
        do throws(RPCStatus) {
            try answerMyself(method, request, peer)
        } catch {
            answer(peer, request, error)
        }
    }

    func isOpen(_ id: String, _ peer: Peer) -> Bool {
        callsByClient[peer.client]?[id] != nil || watchers.contains { $0.peer == peer && $0.request.id == id }
            || jobs?.isOpen(id, of: peer) == true
    }

    func accept(_ request: CallRequest, from peer: Peer) {
        let id = CallID(nextNumber)
        nextNumber += 1
        let arrival = now
        calls[id] = OpenCall(peer: peer, request: request, arrival: arrival)
        callsByClient[peer.client, default: [:]][request.id] = id
        let size = request.body.count + (request.image?.count ?? 0) + WireLimits.headerBytes
        let deadline = arrival + .milliseconds(Int(request.effectiveTimeoutMilliseconds))
        perform(scheduler.callArrived(id, client: peer.client, bytes: size, deadline: deadline, at: arrival))
    }

    func finish(_ id: CallID, _ status: RPCStatus, attempts: Int = 0, body: [UInt8] = []) {
        guard let call = forget(id) else { return }
        guard call.job == nil else { return jobEnded(id, call, status, attempts: attempts, body: body) }
        answer(call.peer, call.request, status, attempts: attempts, body: body)
    }

    @discardableResult
    func forget(_ id: CallID) -> OpenCall? {
        guard let call = calls.removeValue(forKey: id) else { return nil }
        callsByClient[call.peer.client]?[call.request.id] = nil
        if callsByClient[call.peer.client]?.isEmpty == true { callsByClient[call.peer.client] = nil }
        return call
    }

    func answer(
        _ peer: Peer, _ request: CallRequest, _ status: RPCStatus, attempts: Int = 0, body: [UInt8] = []
    ) {
        let response = CallResponse(id: request.id, status: status, attempts: UInt32(attempts), body: body)
        send(peer, .response(response), request.encoding)
    }

    /// A client that is gone, or does not read, loses its calls; nobody else waits for it.
    func send(_ peer: Peer, _ reply: BrokerReply, _ encoding: WireEncoding) {
        if !outboxes.send(peer.frames(reply.frames(encoding)), to: peer.routing, transmit) { giveUp(peer.client) }
    }

    private func transmit(_ frames: [[UInt8]]) -> Outboxes.Delivery {
        do throws(MessagingError) {
            try frontListener.socket.send(frames)
            return .sent
        } catch {
            return error.code == .wouldBlock ? .full : .gone
        }
    }

    func flushOutboxes() {
        guard !outboxes.isEmpty else { return }
        let before = outboxes.waiting
        for routing in outboxes.flush(transmit) { giveUp(ClientID(routing)) }
        if outboxes.waiting < before { outboxRetry.succeeded() } else { outboxRetry.failed() }
    }

    private func giveUp(_ client: ClientID) {
        counters.undeliverable += 1
        goneClients.insert(client)
    }
}
