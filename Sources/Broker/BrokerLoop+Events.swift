// SPDX-License-Identifier: MIT

internal import Wire

// Events of tasks: from the worker that has the work to the clients that want them.
extension BrokerLoop {
    func forward(_ partial: JobPartial, from worker: WorkerID) {
        guard let attempt = attempt(partial.dispatch) else {
            counters.refusedFrames += 1
            return
        }
        let event = EventStream.Event(sequence: partial.sequence, body: partial.body)
        for id in scheduler.jobTold(attempt, by: worker) {
            guard let events = calls[id]?.stream?.take(event) else { continue }
            send(events, of: id)
        }
    }

    /// A client takes more events; for a call that is over it comes too late.
    func grant(_ id: String, _ events: UInt32, from peer: Peer) {
        guard let call = callsByClient[peer.client]?[id], let events = calls[call]?.stream?.grant(events) else {
            return
        }
        send(events, of: call)
    }

    private func send(_ events: [EventStream.Event], of id: CallID) {
        guard let call = calls[id] else { return }
        for (index, event) in events.enumerated() {
            // What fills a slow reader's outbox shall be answers, for whose want he would be given up.
            guard !outboxes.isWaiting(for: call.peer.routing) else {
                calls[id]?.stream?.cut(events[index...])
                return
            }
            counters.events += 1
            send(call.peer, .event(CallEvent(id: call.id, sequence: event.sequence, body: event.body)), call.encoding)
        }
    }
}
