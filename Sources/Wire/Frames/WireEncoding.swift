// SPDX-License-Identifier: MIT
public import SwiftProtobuf

/// How a header or body is written.
public enum WireEncoding: Sendable, Hashable, CaseIterable {
    case protobuf, json

    /// The encoding by the first byte: no binary message of this protocol begins with `{`, which would be field 15 as a
    /// group.
    public init(of bytes: [UInt8]) {
        self = bytes.first == UInt8(ascii: "{") ? .json : .protobuf
    }
}

extension WireEncoding {
    /// What a reader does with JSON fields that it does not know. Binary ones are always skipped.
    enum UnknownFields {
        case skip, refuse
    }

    /// Reads a message in either encoding; the error is a sentence without the sender's bytes.
    static func decode<M: Message>(
        _ type: M.Type, from bytes: [UInt8], unknownFields: UnknownFields = .skip
    ) throws(MalformedMessage) -> M {
        switch WireEncoding(of: bytes) {
        case .json: try decodeJSON(type, from: bytes, unknownFields: unknownFields)
        case .protobuf: try decodeBinary(type, from: bytes)
        }
    }

    /// Reads the body of a request that the broker answers itself: fields that nobody knows are refused.
    ///
    /// - Throws: INTERNAL; only a worker says INVALID_ARGUMENT.
    public static func decodeRequest<M: Message>(_ type: M.Type, from body: [UInt8]) throws(RPCStatus) -> M {
        do throws(MalformedMessage) {
            return try decode(type, from: body, unknownFields: .refuse)
        } catch {
            throw RPCStatus(.internal, "the body \(error.predicate)", reason: .malformedBody)
        }
    }

    /// Reads the body of an answer: fields that nobody knows are skipped.
    public static func decodeResponse<M: Message>(_ type: M.Type, from body: [UInt8]) throws(RPCStatus) -> M {
        do throws(MalformedMessage) {
            return try decode(type, from: body)
        } catch {
            throw RPCStatus(.internal, "the answer \(error.predicate)", reason: .malformedBody)
        }
    }

    /// Writes a message; deterministic.
    public func encode(_ message: some Message) -> [UInt8] {
        do {
            switch self {
            case .protobuf:
                var options = BinaryEncodingOptions()
                options.useDeterministicOrdering = true
                return try message.serializedBytes(options: options)
            case .json:
                var options = JSONEncodingOptions()
                options.useDeterministicOrdering = true
                return try message.jsonUTF8Bytes(options: options)
            }
        } catch {
            // Only missing proto2 fields, Any and numbers that are not finite can fail; the messages have none.
            preconditionFailure("encode \(type(of: message)): \(error)")
        }
    }

    private static func decodeJSON<M: Message>(
        _ type: M.Type, from bytes: [UInt8], unknownFields: UnknownFields
    ) throws(MalformedMessage) -> M {
        var options = JSONDecodingOptions()
        options.messageDepthLimit = WireLimits.jsonDepth
        options.ignoreUnknownFields = unknownFields == .skip
        do {
            return try M(jsonUTF8Bytes: bytes, options: options)
        } catch JSONDecodingError.unknownField(let name) {
            throw MalformedMessage("has the field \"\(RPCStatus.cut(name, toBytes: 64))\", which nobody knows")
        } catch {
            throw MalformedMessage("is not the JSON of a \(M.shortName)")
        }
    }

    private static func decodeBinary<M: Message>(_ type: M.Type, from bytes: [UInt8]) throws(MalformedMessage) -> M {
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = WireLimits.jsonDepth
        do {
            return try M(serializedBytes: bytes, options: options)
        } catch {
            throw MalformedMessage("is not a \(M.shortName) in protobuf's binary form")
        }
    }
}

/// Bytes that are not the message they should be.
struct MalformedMessage: Error {
    /// What they are, as the end of a sentence that begins with their name.
    let predicate: String

    init(_ predicate: String) { self.predicate = predicate }
}

extension Message {
    /// `RequestHeader`
    static var shortName: String { String(protoMessageName.split(separator: ".").last ?? "") }
}
