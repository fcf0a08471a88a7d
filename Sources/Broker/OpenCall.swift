// SPDX-License-Identifier: MIT

internal import Messaging
internal import Wire

/// A client's connection as the front socket knows it.
struct Peer: Hashable {
    let routing: [UInt8]
    /// A REQ socket's: what goes to it begins with an empty frame.
    let isDelimited: Bool
    /// Whose it is; `nil` where connections have no keys.
    let identity: PeerIdentity?

    /// The connection, which its calls end with.
    var client: ClientID { ClientID(routing) }
    /// Whom the calls are counted for: all connections of a key are one.
    var payer: ClientID { identity.map { ClientID(Array("key \($0.key)".utf8)) } ?? client }

    /// What follows the routing id.
    func frames(_ message: [[UInt8]]) -> [[UInt8]] { isDelimited ? [[]] + message : message }
}

/// A call that waits for a worker's answer.
struct OpenCall {
    let peer: Peer
    /// The client's id of it.
    let id: String
    /// How its answer goes.
    let encoding: WireEncoding
    /// The call whose work it waits for: itself, or an earlier one under the same key.
    let work: CallID
    let method: Method?
    let arrival: Duration
    let deadline: Duration
    /// The number of the durable job that it runs; `nil` for a client's own call.
    var job: Int64?
    /// The events on their way to the client; `nil` where it wants none.
    var stream: EventStream?
}

/// What a worker is given for one or more calls; kept for as long as it may have to be given again.
struct OpenWork {
    let request: CallRequest
    let arrival: Duration
    /// Where it came from, if it is tried again out of quarantine.
    var quarantineID: String?
    /// Whether any of the calls wants events.
    var streams: Bool
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
