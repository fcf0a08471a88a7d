// SPDX-License-Identifier: MIT
import SwiftProtobuf

/// One dispatch of one call: what every message about a job names, so that those of a lost attempt can be told apart.
public struct Dispatch: Sendable, Hashable, CustomStringConvertible {
    /// The broker's id of the call, used once and never again.
    public var call: String
    /// 1 for the first dispatch.
    public var attempt: UInt32

    public init(call: String, attempt: UInt32) {
        self.call = call
        self.attempt = attempt
    }

    public var description: String { "\(call)/\(attempt)" }

    init(_ proto: ProtoDispatch) {
        self.init(call: proto.call, attempt: proto.attempt)
    }

    var proto: ProtoDispatch {
        .with {
            $0.call = call
            $0.attempt = attempt
        }
    }

    var isValid: Bool { HeaderRules.isID(call) && attempt > 0 }
}

extension Envelope {
    /// Reads a header's dispatch and refuses one that names no call or attempt.
    func dispatch(_ proto: ProtoDispatch) throws(FrameError) -> Dispatch {
        let dispatch = Dispatch(proto)
        guard dispatch.isValid else { throw FrameError.dispatch.encoded(encoding) }
        return dispatch
    }

    func dispatches(_ protos: [ProtoDispatch]) throws(FrameError) -> [Dispatch] {
        let dispatches = protos.map(Dispatch.init)
        guard dispatches.allSatisfy(\.isValid) else { throw FrameError.dispatch.encoded(encoding) }
        return dispatches
    }
}

extension FrameError {
    static let dispatch = header("has a dispatch without a call or an attempt")
}
