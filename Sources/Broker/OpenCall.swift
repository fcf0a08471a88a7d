// SPDX-License-Identifier: MIT

internal import Wire

/// A client's connection as the front socket knows it.
struct Peer: Hashable {
    let routing: [UInt8]
    /// A REQ socket's: what goes to it begins with an empty frame.
    let isDelimited: Bool

    var client: ClientID { ClientID(routing) }

    /// What follows the routing id.
    func frames(_ message: [[UInt8]]) -> [[UInt8]] { isDelimited ? [[]] + message : message }
}

/// A call that waits for a worker's answer.
struct OpenCall {
    let peer: Peer
    let request: CallRequest
    let arrival: Duration
    /// The number of the durable job that it runs; `nil` for a client's own call.
    var job: Int64?
}

/// A call of Health.Watch.
struct Watcher {
    let peer: Peer
    let request: CallRequest
    let service: String
    let deadline: Duration
    var sequence: UInt32 = 0
    var last: ProtoHealthResponse.ServingStatus?
    /// When it is told again what it knows.
    var repeatAt: Duration = .zero
}

/// A worker in session.
struct WorkerRecord {
    let id: WorkerID
    let routing: [UInt8]
    let hello: WorkerHello
}
