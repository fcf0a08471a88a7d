// SPDX-License-Identifier: MIT

internal import Messaging
internal import Wire

// The front: what clients say, and what they are told.
extension BrokerLoop {
    /// How many messages are taken from one socket before the other has its turn.
    static let turn = 64

    func drainFront() throws(MessagingError) {
        for _ in 0..<Self.turn {
            guard let message = try frontListener.socket.receiveMessage(holdsLast: true) else { return }
            guard !message.frames.isEmpty else { continue }
            let admission = gate.admit(message, at: .front)
            var frames = message.frames
            let routing = frames.removeFirst()
            let peer = Peer(
                routing: routing, isDelimited: Delimiter.take(from: &frames), identity: admission.identity)
            connections.heard(peer.client, on: message.descriptor, Connection.number)
            do throws(FrameError) {
                let last = message.held.map { Payload(owner: $0, bytes: $0.bytes) }
                let message = try ClientMessage(frames: frames, last: last)
                if case .nobody = admission { turnAway(message, peer) } else { hear(message, from: peer) }
            } catch {
                refuse(error, from: peer)
            }
            takeOutUnreachable()
        }
    }

    private func refuse(_ error: FrameError, from peer: Peer) {
        counters.refusedFrames += 1
        metrics.refused(error)
        guard error.id.isEmpty || !isOpen(error.id, peer) else {
            counters.repeated += 1
            return
        }
        if error.deservesAnswer { send(peer, .response(CallResponse(refusing: error)), error.encoding) }
    }

    func hear(_ message: ClientMessage, from peer: Peer) {
        switch message {
        case .cancel(let id, _): cancel(id, from: peer)
        case .grant(let id, let events): grant(id, events, from: peer)
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
        guard mayCall(method, peer) else {
            deny(request, peer)
            return
        }
        if method.task != nil {
            accept(request, from: peer, terms: terms(of: request, method, peer))
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

    /// - Parameters:
    ///   - quarantineID: where the request comes from, if not from the peer.
    ///   - job: the number of the durable job that it is the run of, if it is one's.
    func accept(
        _ request: CallRequest, as id: String? = nil, from peer: Peer, terms: CallTerms, quarantineID: String? = nil,
        job: Int64? = nil
    ) {
        let number = CallID(nextNumber)
        nextNumber += 1
        let id = id ?? request.id
        let actions = scheduler.callArrived(number, terms, at: now)
        let work = scheduler.work(of: number) ?? number
        // A REQ socket takes one message for each of its own.
        let stream = request.eventWindow > 0 && !peer.isDelimited ? EventStream(window: request.eventWindow) : nil
        calls[number] = OpenCall(
            peer: peer, id: id, encoding: request.encoding, work: work, method: Method(rawValue: request.method),
            arrival: now, deadline: terms.deadline, job: job, stream: stream)
        callsByClient[peer.client, default: [:]][id] = number
        if scheduler.hasWork(of: number) {
            works[number] = OpenWork(
                request: request, arrival: now, quarantineID: quarantineID, streams: stream != nil)
        } else if stream != nil {
            works[work]?.streams = true
        }
        tracing.began(number, startsWork: scheduler.hasWork(of: number), request, at: .now)
        perform(actions)
    }

    func finish(
        _ id: CallID, _ status: RPCStatus, attempts: Int = 0, body: [UInt8] = [], isRefusal: Bool = false
    ) {
        guard let call = forget(id) else { return }
        note(id, call, status, attempts: attempts, isRefusal: isRefusal)
        if let job = call.job { return jobEnded(id, job, status, attempts: attempts, body: body) }
        let leftOut = call.stream?.leftOut ?? 0
        counters.eventsLeftOut += Int(leftOut)
        let response = CallResponse(
            id: call.id, status: status, attempts: UInt32(attempts), eventsLeftOut: leftOut, body: body)
        send(call.peer, .response(response), call.encoding)
    }

    @discardableResult
    func forget(_ id: CallID) -> OpenCall? {
        guard let call = calls.removeValue(forKey: id) else { return nil }
        callsByClient[call.peer.client]?[call.id] = nil
        if callsByClient[call.peer.client]?.isEmpty == true { callsByClient[call.peer.client] = nil }
        if !scheduler.hasWork(of: call.work) {
            works[call.work] = nil
            tracing.over(call.work, at: .now)
        }
        return call
    }

    func answer(
        _ peer: Peer, _ request: CallRequest, _ status: RPCStatus, attempts: Int = 0, body: [UInt8] = []
    ) {
        metrics.answered(Method(rawValue: request.method), status.code)
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
