// SPDX-License-Identifier: MIT

public import Foundation
public import Kosmos2

/// One run to be recorded as the reference's recorder does it: pictures and raw prompts, one row for each pair.
public struct ReferenceForwardRequest: Sendable {
    /// The bytes of a JPEG or PNG file, and the name that the document gives it.
    public struct Picture: Sendable {
        public var name: String
        public var bytes: [UInt8]

        public init(name: String, bytes: [UInt8]) {
            self.name = name
            self.bytes = bytes
        }
    }

    public var modelFolder: String
    /// One for each text.
    public var images: [Picture]
    /// Raw prompts: tags in them count.
    public var texts: [String]
    /// For each text the JSON of its boxes, or `nil`; empty where none has any. Form: `PhraseBoxes.init(json:)`.
    public var boxes: [String?]
    /// 1...2048.
    public var maxNewTokens: Int
    /// The run length of the second greedy recording; 0 leaves that out.
    public var noRepeatNgram: Int
    /// The width of the recorded beam search; 0 leaves it out.
    public var beams: Int
    /// Decodes pictures as the reference's image library does, so that its pixels are met exactly.
    public var decodesLikeReference: Bool
    public var threads: Int
    public var precision: Precision
    /// The folder of quantised weights; not touched at `f32`.
    public var cacheFolder: String
    /// Programs and their versions, written into the document.
    public var versions: [String: String]

    public static let defaultMaxNewTokens = 32
    public static let defaultNoRepeatNgram = 3

    public init(
        modelFolder: String, images: [Picture], texts: [String], boxes: [String?] = [],
        maxNewTokens: Int = Self.defaultMaxNewTokens, noRepeatNgram: Int = Self.defaultNoRepeatNgram, beams: Int = 0,
        decodesLikeReference: Bool = false, threads: Int = 1, precision: Precision = .f32,
        cacheFolder: String = NSTemporaryDirectory(), versions: [String: String] = [:]
    ) {
        self.modelFolder = modelFolder
        self.images = images
        self.texts = texts
        self.boxes = boxes
        self.maxNewTokens = maxNewTokens
        self.noRepeatNgram = noRepeatNgram
        self.beams = beams
        self.decodesLikeReference = decodesLikeReference
        self.threads = threads
        self.precision = precision
        self.cacheFolder = cacheFolder
        self.versions = versions
    }
}
