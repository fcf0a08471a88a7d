// SPDX-License-Identifier: MIT

/// Where libzmq asks whether a peer with a key may connect (ZAP, RFC 27). One for each context, there before the first
/// socket with keys listens; owned by one thread.
public final class ZapHandler {
    private let socket: Socket

    /// - Throws: `addressInUse` where the context has one already.
    public init(_ context: Context) throws(MessagingError) {
        let socket = try Socket(context, .reply)
        _ = try socket.bind(try Endpoint("inproc://zeromq.zap.01"))
        self.socket = socket
    }

    /// Answers all questions that have come; never waits.
    ///
    /// - Parameter decide: what the peer will be known by, or why it may not connect. Asked with `nil` for a question that
    ///   is not about a key of CURVE. The peer hears of it only afterwards, so that what is counted there is never behind
    ///   what the peer knows.
    public func answer(_ decide: (ZapRequest?) -> Result<String, ZapRefusal>) throws(MessagingError) {
        while let frames = try socket.receive() {
            try socket.send(Self.reply(decide(ZapRequest(frames)), to: frames))
        }
    }

    public var pollItem: PollItem { socket.pollItem }

    /// Version, request id, code, text, user, metadata.
    private static func reply(_ decision: Result<String, ZapRefusal>, to frames: [[UInt8]]) -> [[UInt8]] {
        let id = frames.count > 1 ? frames[1] : []
        let (code, text, user) =
            switch decision {
            case .success(let user): ("200", "OK", user)
            case .failure(let refusal): (refusal.rawValue, refusal.words, "")
            }
        return [Array(ZapRequest.version.utf8), id, Array(code.utf8), Array(text.utf8), Array(user.utf8), []]
    }
}

/// A peer that wants to connect.
public struct ZapRequest: Sendable, Hashable {
    static let version = "1.0"

    /// Which socket it is about.
    public let domain: String
    /// The peer's number on the network, without its port.
    public let address: String
    public let key: CurvePublicKey

    /// - Returns: `nil` for what is no question about a key of CURVE.
    init?(_ frames: [[UInt8]]) {
        guard frames.count == 7, frames[0] == Array(Self.version.utf8), frames[5] == Array("CURVE".utf8),
            let key = CurvePublicKey(bytes: frames[6])
        else { return nil }
        domain = String(decoding: frames[2], as: UTF8.self)
        address = String(decoding: frames[3], as: UTF8.self)
        self.key = key
    }
}

/// Why a peer may not connect; the number goes to it, and nothing else.
public enum ZapRefusal: String, Error, Sendable, Hashable {
    /// Its key is not authorized.
    case key = "400"
    /// Not now.
    case later = "300"
    case malformed = "500"

    var words: String {
        switch self {
        case .key: "not authorized"
        case .later: "not now"
        case .malformed: "no question about a key"
        }
    }
}
