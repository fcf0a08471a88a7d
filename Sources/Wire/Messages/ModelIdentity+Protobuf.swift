// SPDX-License-Identifier: MIT
public import Grounding
import SwiftProtobuf

extension ModelIdentity {
    public init(_ proto: ProtoModelIdentity) {
        self.init(name: proto.name, revision: proto.revision, precision: proto.precision)
    }

    public var proto: ProtoModelIdentity {
        .with {
            $0.name = name
            $0.revision = revision
            $0.precision = precision
        }
    }
}
