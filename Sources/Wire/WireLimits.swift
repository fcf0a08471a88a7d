// SPDX-License-Identifier: MIT

/// Every number of the protocol that refuses something, in one place; `protocol/README.md` has the table.
public enum WireLimits {
    /// The first frame of every message: the protocol and its major version.
    public static let magic = Array("BXW1".utf8)
    /// The major version, as HELLO and Discovery name it.
    public static let protocolVersion: UInt32 = 1

    public static let headerBytes = 64 * 1024
    /// The body of a REQUEST or JOB.
    public static let requestBodyBytes = 4 << 20
    /// The body of an EVENT, RESPONSE, PARTIAL or RESULT.
    public static let responseBodyBytes = 16 << 20
    public static let imageBytes = 32 << 20
    /// For ZMQ_MAXMSGSIZE: a larger frame closes the connection.
    public static let frameBytes: Int64 = 64 << 20

    /// Keys, values and ``metadataEntryOverhead`` of every entry, summed.
    public static let metadataBytes = 8 * 1024
    public static let metadataEntryOverhead = 32
    public static let metadataKeyBytes = 64
    /// Call ids, idempotency keys, worker instances and names.
    public static let idBytes = 64
    public static let methodBytes = 128
    /// A W3C trace context has 55 bytes; later versions of it may add to them.
    public static let traceparentBytes = 128
    /// A longer status message is cut.
    public static let statusMessageBytes = 2048
    /// More violations of one request are not listed.
    public static let violations = 64
    /// A longer field path or description of a violation is cut, so that a status always fits a header.
    public static let violationBytes = 256
    public static let jsonDepth = 100

    public static let defaultTimeoutMilliseconds: UInt32 = 60_000
    public static let maxTimeoutMilliseconds: UInt32 = 3_600_000
    /// How often a call is handed to a worker before it is given up.
    public static let attempts = 3

    /// Events of one call that a client may take without granting more.
    public static let eventWindow: UInt32 = 1024
    /// Events of one call that wait at the broker until the client takes more; what comes then is left out.
    public static let waitingEvents = 256
    public static let waitingEventBytes = 64 * 1024
    /// Events of one call: its labels, or its tokens, are fewer.
    public static let events: UInt32 = 1 << 20

    /// Brokers that a client or a worker can be given.
    public static let brokers = 16

    /// Of a durable job: the caller's key, name for it and name of itself.
    public static let jobTextBytes = 256
    /// How long a durable job may be open.
    public static let jobTimeToLiveSeconds: UInt32 = 30 * 86_400
    public static let defaultJobTimeToLiveSeconds: UInt32 = 86_400
    /// Jobs of a page of a list; a page also ends when it has grown to `jobPageBytes`.
    public static let jobPage = 500
    public static let defaultJobPage = 100
    public static let jobPageBytes = 2 << 20
    /// States that a list may be limited to.
    public static let jobStates = 16

    public static let frontEndpoint = "tcp://127.0.0.1:5540"
    public static let backEndpoint = "tcp://127.0.0.1:5541"
}
