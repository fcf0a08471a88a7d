// SPDX-License-Identifier: MIT
public import Grounding
import SwiftProtobuf

extension GroundingEvent {
    /// Reads an event, binary or JSON.
    ///
    /// - Throws: INTERNAL, since only a broker or worker that does not keep to the protocol sends another body.
    public init(body: [UInt8]) throws(RPCStatus) {
        do throws(MalformedMessage) {
            let proto = try WireEncoding.decode(ProtoGroundingEvent.self, from: body)
            self.init(caption: proto.caption, entity: proto.hasEntity ? try Entity(proto.entity) : nil)
        } catch {
            throw RPCStatus(.internal, "the event \(error.predicate)", reason: .malformedBody)
        }
    }

    /// The body of an EVENT: binary, or JSON as ``ResultJSON`` writes it everywhere.
    public func body(_ encoding: WireEncoding) -> [UInt8] {
        switch encoding {
        case .protobuf: encoding.encode(proto)
        case .json: Array(ResultJSON.compact(self).utf8)
        }
    }

    var proto: ProtoGroundingEvent {
        .with {
            $0.caption = caption
            if let entity { $0.entity = entity.proto }
        }
    }
}
