// SPDX-License-Identifier: MIT

internal import Logging
import SwiftProtobuf
internal import Wire

// Workers that an operator sets aside.
extension BrokerLoop {
    func drain(_ message: ProtoDrainRequest) throws(RPCStatus) -> ProtoDrainResponse {
        let record = try worker(named: message.worker)
        let changed = scheduler.setAside(record.id, at: now)
        // A process that loses its connection for a moment comes back as it was.
        drainedInstances.insert(record.hello.instance)
        if changed { note("worker drained by an operator", record) }
        return described(record, changed)
    }

    func undrain(_ message: ProtoDrainRequest) throws(RPCStatus) -> ProtoDrainResponse {
        let record = try worker(named: message.worker)
        drainedInstances.remove(record.hello.instance)
        let actions = scheduler.takeBack(record.id, at: now)
        if actions != nil { note("worker works again by an operator's word", record) }
        perform(actions ?? [])
        return described(record, actions != nil)
    }

    private func worker(named text: String) throws(RPCStatus) -> WorkerRecord {
        let records = workers.values.sorted { $0.id.number < $1.id.number }
        let names = records.map { WorkerName(id: "\($0.id)", name: $0.hello.name) }
        return records[try WorkerName.index(of: text, in: names)]
    }

    private func note(_ what: Logger.Message, _ record: WorkerRecord) {
        logger.notice(what, metadata: ["worker": "\(record.id)", "name": "\(record.hello.name)"])
    }

    private func described(_ record: WorkerRecord, _ changed: Bool) -> ProtoDrainResponse {
        .with {
            $0.changed = changed
            if let snapshot = scheduler.workerSnapshot(record.id, at: now) {
                $0.worker = .describing(record, snapshot)
            }
        }
    }
}
