// SPDX-License-Identifier: MIT
import Grounding
import SwiftProtobuf

extension RPCStatus {
    /// The domain of every reason.
    static let domain = "boxwood"

    /// Reads a status off the wire; never fails. No code means that the peer left it out, which is UNKNOWN, and so is a
    /// number that this version does not know.
    public init(_ message: ProtoStatus) {
        let code = message.hasCode ? StatusCode(rawValue: message.code.rawValue) ?? .unknown : .unknown
        self.init(code, message.message)
        for detail in message.details {
            switch detail.detail {
            case .badRequest(let request):
                violations += request.fieldViolations.map { FieldViolation($0.field, $0.description_p) }
            case .retryInfo(let info): retryDelayMilliseconds = info.retryDelayMs
            case .errorInfo(let info):
                reason = Reason(rawValue: info.reason)
                reasonMetadata = info.metadata
            case nil: break
            }
        }
    }

    /// The status as a message; an overlong sentence is cut at a character.
    public var proto: ProtoStatus {
        var status = ProtoStatus()
        status.code = ProtoCode(rawValue: code.rawValue) ?? .unknown
        status.message = Self.cut(message, toBytes: WireLimits.statusMessageBytes)
        status.details = details
        return status
    }

    /// The status without what a peer may have made long: the violations and facts, and a reason that is no word.
    private var bare: RPCStatus {
        let word = reason.flatMap { $0.rawValue.utf8.count <= WireLimits.idBytes ? $0 : nil }
        return RPCStatus(code, message, retryDelayMilliseconds: retryDelayMilliseconds, reason: word)
    }

    /// The frames of a message with this status: in full, or with less of the details where the header would be too long for its
    /// reader. What is allowed in one encoding can be six times as long in the other.
    func fitted(_ frames: (RPCStatus) -> [[UInt8]]) -> [[UInt8]] {
        let whole = frames(self)
        return whole[2].count <= WireLimits.headerBytes ? whole : frames(bare)
    }

    private var details: [ProtoDetail] {
        var details: [ProtoDetail] = []
        if !violations.isEmpty {
            details.append(
                .with { $0.badRequest.fieldViolations = violations.prefix(WireLimits.violations).map(Self.violation) })
        }
        if let delay = retryDelayMilliseconds {
            details.append(.with { $0.retryInfo.retryDelayMs = delay })
        }
        if let reason {
            details.append(
                .with {
                    $0.errorInfo.reason = reason.rawValue
                    $0.errorInfo.domain = Self.domain
                    $0.errorInfo.metadata = reasonMetadata
                })
        }
        return details
    }

    private static func violation(_ violation: FieldViolation) -> ProtoBadRequest.FieldViolation {
        .with {
            $0.field = cut(violation.field, toBytes: WireLimits.violationBytes)
            $0.description_p = cut(violation.description, toBytes: WireLimits.violationBytes)
        }
    }

    static func cut(_ text: String, toBytes limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var bytes = 0
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            bytes += UTF8.width(scalar)
            if bytes > limit { break }
            result.append(scalar)
        }
        return String(result)
    }
}
