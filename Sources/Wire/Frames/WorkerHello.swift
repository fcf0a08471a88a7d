// SPDX-License-Identifier: MIT
public import Grounding
import SwiftProtobuf

/// How a worker presents itself.
public struct WorkerHello: Sendable, Hashable {
    public var protocolVersion: UInt32
    /// Random, fixed for the life of the process.
    public var instance: String
    /// For people; a longer one is cut to ``WireLimits/idBytes``.
    public var name: String
    public var pid: UInt32
    /// The version of the program.
    public var version: String
    public var model: ModelIdentity
    /// How many jobs the worker takes at a time, waiting ones included; at least 1.
    public var credits: UInt32
    /// The methods that it answers; empty for all of `boxwood.v1.Grounding`. Kept for later: in version 1 a broker sends
    /// every worker every method.
    public var methods: [String]
    public var imageLimits: WireImageLimits
    /// How the header came, and so how the broker writes to this worker.
    public var encoding: WireEncoding

    public init(
        protocolVersion: UInt32 = WireLimits.protocolVersion, instance: String, name: String, pid: UInt32,
        version: String, model: ModelIdentity, credits: UInt32 = 1, methods: [String] = [],
        imageLimits: WireImageLimits = WireImageLimits(), encoding: WireEncoding = .protobuf
    ) {
        self.protocolVersion = protocolVersion
        self.instance = instance
        self.name = name
        self.pid = pid
        self.version = version
        self.model = model
        self.credits = credits
        self.methods = methods
        self.imageLimits = imageLimits
        self.encoding = encoding
    }

    init(_ envelope: Envelope) throws(FrameError) {
        let header = try envelope.decodeHeader(ProtoHelloHeader.self)
        if let fault = Self.fault(header) { throw FrameError.header(fault).encoded(envelope.encoding) }
        self.init(
            protocolVersion: header.protocol, instance: header.instance,
            name: RPCStatus.cut(header.name, toBytes: WireLimits.idBytes), pid: header.pid,
            version: header.version, model: ModelIdentity(header.model), credits: header.credits,
            methods: header.methods, imageLimits: WireImageLimits(header.imageLimits), encoding: envelope.encoding)
    }

    private static func fault(_ header: ProtoHelloHeader) -> String? {
        if !HeaderRules.isID(header.instance) { return "has no instance of 1 to \(WireLimits.idBytes) printable bytes" }
        if header.credits == 0 { return "offers no credits" }
        if !header.methods.allSatisfy(HeaderRules.isMethod) { return "has a method not of the form /service/method" }
        return nil
    }

    var proto: ProtoHelloHeader {
        .with {
            $0.protocol = protocolVersion
            $0.instance = instance
            $0.name = name
            $0.pid = pid
            $0.version = version
            $0.model = model.proto
            $0.credits = credits
            $0.methods = methods
            $0.imageLimits = imageLimits.proto
        }
    }
}

/// What pictures a worker takes.
public struct WireImageLimits: Sendable, Hashable {
    public var maxBytes: UInt32
    public var maxPixels: UInt32
    public var maxSide: UInt32

    /// 0: not said.
    public init(maxBytes: UInt32 = 0, maxPixels: UInt32 = 0, maxSide: UInt32 = 0) {
        self.maxBytes = maxBytes
        self.maxPixels = maxPixels
        self.maxSide = maxSide
    }

    init(_ proto: ProtoImageLimits) {
        self.init(maxBytes: proto.maxBytes, maxPixels: proto.maxPixels, maxSide: proto.maxSide)
    }

    var proto: ProtoImageLimits {
        .with {
            $0.maxBytes = maxBytes
            $0.maxPixels = maxPixels
            $0.maxSide = maxSide
        }
    }
}
