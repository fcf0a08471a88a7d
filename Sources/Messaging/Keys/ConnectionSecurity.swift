// SPDX-License-Identifier: MIT

internal import CZeroMQ

/// Whether the connections of a socket have keys.
public enum ConnectionSecurity: Sendable, Hashable {
    /// In the clear, with anybody: for this machine alone.
    case none
    /// Encrypted, for whom the ZAP handler of the context lets in. It must be there for as long as the socket listens: a
    /// context without one lets everybody in.
    /// - Parameter domain: what the handler is told the socket is for.
    case server(CurveKeyPair, domain: String)
    /// Encrypted, to a broker that has proved to have its key.
    case client(Credential)

    /// The options of libzmq.
    func apply(
        _ set: (Int32, String) throws(MessagingError) -> Void, _ number: (Int32, Int32) throws(MessagingError) -> Void
    )
        throws(MessagingError)
    {
        switch self {
        case .none: break
        case .server(let pair, let domain):
            try Curve.require()
            try number(ZMQ_CURVE_SERVER, 1)
            try set(ZMQ_CURVE_SECRETKEY, pair.secretKey.text)
            try set(ZMQ_ZAP_DOMAIN, domain)
        case .client(let credential):
            try Curve.require()
            try set(ZMQ_CURVE_SERVERKEY, credential.broker.text)
            try set(ZMQ_CURVE_PUBLICKEY, credential.pair.publicKey.text)
            try set(ZMQ_CURVE_SECRETKEY, credential.pair.secretKey.text)
        }
    }
}
