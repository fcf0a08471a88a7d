// SPDX-License-Identifier: MIT

import SwiftProtobuf
internal import Wire

// What the broker answers itself.
extension BrokerLoop {
    func answerMyself(_ method: Method, _ request: CallRequest, _ peer: Peer) throws(RPCStatus) {
        let encoding = request.encoding
        switch method {
        case .healthCheck:
            let message = try WireEncoding.decodeRequest(ProtoHealthRequest.self, from: request.body)
            guard let status = health(of: message.service) else {
                throw RPCStatus(.notFound, "there is no service of that name")
            }
            answer(peer, request, .ok, body: encoding.encode(ProtoHealthResponse.with { $0.status = status }))
        case .healthWatch:
            let message = try WireEncoding.decodeRequest(ProtoHealthRequest.self, from: request.body)
            try checkWatches(of: peer.client)
            let deadline = now + .milliseconds(Int(request.effectiveTimeoutMilliseconds))
            watchers.append(Watcher(peer: peer, request: request, service: message.service, deadline: deadline))
            notifyWatchers()
        case .discovery:
            _ = try WireEncoding.decodeRequest(ProtoDiscoveryRequest.self, from: request.body)
            answer(peer, request, .ok, body: encoding.encode(discovery))
        case .adminStatus:
            _ = try WireEncoding.decodeRequest(ProtoAdminStatusRequest.self, from: request.body)
            answer(peer, request, .ok, body: encoding.encode(status))
        case .quarantineList, .quarantineShow, .quarantineRetry, .quarantineDrop:
            try answerQuarantine(method, request, peer)
        case .jobSubmit, .jobGet, .jobWait, .jobCancel, .jobList:
            try askJournal(method, request, peer)
        case .drain, .undrain:
            let message = try WireEncoding.decodeRequest(ProtoDrainRequest.self, from: request.body)
            let response = try method == .drain ? drain(message) : undrain(message)
            answer(peer, request, .ok, body: encoding.encode(response))
        default:
            throw RPCStatus(.unimplemented, "there is no method \(request.method)", reason: .unknownMethod)
        }
    }

    private func checkWatches(of client: ClientID) throws(RPCStatus) {
        let theirs = watchers.count { $0.peer.client == client }
        for (count, limit, whose) in [
            (watchers.count, Self.watchLimit, ""), (theirs, Self.clientWatchLimit, " on this connection"),
        ] where count >= limit {
            throw RPCStatus(
                .resourceExhausted, "\(limit) watches are open\(whose), which is the most",
                retryDelayMilliseconds: 1000, reason: .queueFull)
        }
    }

    func health(of service: String) -> ProtoHealthResponse.ServingStatus? {
        switch service {
        case "": drainDeadline == nil ? .serving : .notServing
        case Method.groundingService: scheduler.isServing ? .serving : .notServing
        default: nil
        }
    }

    /// Tells each watcher whose service changed, or who has heard nothing for a while.
    func notifyWatchers() {
        for index in watchers.indices.reversed() where index < watchers.count {
            let status = health(of: watchers[index].service) ?? .serviceUnknown
            guard watchers[index].last != status || watchers[index].repeatAt <= now else { continue }
            watchers[index].last = status
            watchers[index].repeatAt = now + configuration.watchRepeat
            let watcher = watchers[index]
            watchers[index].sequence += 1
            let body = watcher.request.encoding.encode(ProtoHealthResponse.with { $0.status = status })
            send(
                watcher.peer, .event(CallEvent(id: watcher.request.id, sequence: watcher.sequence, body: body)),
                watcher.request.encoding)
        }
    }

    var discovery: ProtoDiscoveryResponse {
        .describing(version: configuration.version, workers: workers.values.map(\.hello))
    }

    var status: ProtoAdminStatusResponse {
        let now = now
        var response = ProtoAdminStatusResponse()
        response.version = configuration.version
        response.uptimeS = now.inSeconds
        response.draining = drainDeadline != nil
        for id in workers.keys.sorted(by: { $0.number < $1.number }) {
            guard let record = workers[id], let snapshot = scheduler.workerSnapshot(id, at: now) else { continue }
            response.workers.append(.describing(record, snapshot))
        }
        response.queue = .describing(scheduler.queueSnapshot(at: now), configuration.scheduler)
        let reasons = scheduler.waitReasons
        for reason in Scheduler.WaitReason.allCases {
            response.queue.waitingByReason[reason.rawValue] = UInt32(reasons[reason] ?? 0)
        }
        response.counters = scheduler.counters.named.merging(counters.named) { first, _ in first }
            .merging(gate.named) { first, _ in first }
            .merging(jobs?.counters ?? [:]) { first, _ in first }
        return response
    }
}
