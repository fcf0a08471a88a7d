// SPDX-License-Identifier: MIT

/// The answer to one task on one picture: the value behind the one JSON schema of every face.
public struct GroundingResult: Sendable, Hashable {
    public var id: String
    public var task: GroundingTask.Name
    public var model: ModelIdentity
    public var image: ImageDescription
    /// The cleaned text: no tags, no blanks at the ends. For `detect` the labels found, joined by ", ".
    public var caption: String
    public var entities: [Entity]
    /// The generated text as it came, tags and all; one line per prompt for tasks that run several.
    public var text: String
    public var finishReason: FinishReason
    /// What was dropped or could not be taken at its word, in plain sentences.
    public var warnings: [String]
    public var usage: Usage
    public var timing: Timing
    /// How many times the job was handed to a worker; 1 unless a worker was lost. Set by the broker.
    public var attempts: Int

    public init(
        id: String, task: GroundingTask.Name, model: ModelIdentity, image: ImageDescription, caption: String,
        entities: [Entity], text: String, finishReason: FinishReason, warnings: [String] = [],
        usage: Usage = Usage(), timing: Timing = Timing(), attempts: Int = 1
    ) {
        self.id = id
        self.task = task
        self.model = model
        self.image = image
        self.caption = caption
        self.entities = entities
        self.text = text
        self.finishReason = finishReason
        self.warnings = warnings
        self.usage = usage
        self.timing = timing
        self.attempts = attempts
    }
}

/// Which weights answered.
public struct ModelIdentity: Sendable, Hashable {
    public var name: String
    public var revision: String
    /// `f32`, `q8`, ...
    public var precision: String

    public init(name: String, revision: String, precision: String) {
        self.name = name
        self.revision = revision
        self.precision = precision
    }
}

/// The picture as the model saw it: size after orientation, digest of the bytes as sent.
public struct ImageDescription: Sendable, Hashable {
    public var width: Int
    public var height: Int
    /// Lower-case hexadecimal SHA-256 of the encoded bytes.
    public var sha256: String
    /// The EXIF orientation that was applied, 1...8.
    public var orientation: Int

    public init(width: Int, height: Int, sha256: String, orientation: Int) {
        self.width = width
        self.height = height
        self.sha256 = sha256
        self.orientation = orientation
    }
}

/// A phrase of the caption and where it is in the picture.
public struct Entity: Sendable, Hashable {
    public enum Source: String, Sendable, Hashable {
        /// Found by the model.
        case model
        /// Put into the prompt by the caller.
        case request
    }

    public var phrase: String
    /// Where the phrase stands in `caption`, in Unicode scalars.
    public var span: Range<Int>
    /// The label that the caller asked for, for `detect`.
    public var label: String?
    public var source: Source
    public var boxes: [GroundedBox]

    public init(phrase: String, span: Range<Int>, label: String? = nil, source: Source, boxes: [GroundedBox]) {
        self.phrase = phrase
        self.span = span
        self.label = label
        self.source = source
        self.boxes = boxes
    }
}

/// One box with everything that is known of it.
public struct GroundedBox: Sendable, Hashable {
    /// Pixels of the oriented picture; always inside it.
    public var pixels: PixelBox
    public var normalized: NormalizedBox
    /// 0...1; `nil` where the model was not asked for one.
    public var score: Double?
    /// The two location tokens, 0...1023: upper left and lower right.
    public var patches: PatchPair

    public init(pixels: PixelBox, normalized: NormalizedBox, score: Double?, patches: PatchPair) {
        self.pixels = pixels
        self.normalized = normalized
        self.score = score
        self.patches = patches
    }
}

/// The two location indices that a box is written with.
public struct PatchPair: Sendable, Hashable {
    public var upperLeft: Int
    public var lowerRight: Int

    public init(upperLeft: Int, lowerRight: Int) {
        self.upperLeft = upperLeft
        self.lowerRight = lowerRight
    }
}

/// Why generation ended: `stop` at the end of text, `length` at the token limit.
public enum FinishReason: String, Sendable, Hashable, CaseIterable {
    case stop, length
}

/// What the answer cost, in tokens.
public struct Usage: Sendable, Hashable {
    public var promptTokens: Int
    public var generatedTokens: Int
    public var imageCacheHit: Bool
    /// Of the prompt's tokens, those that an earlier task on the picture had left computed.
    public var cachedPromptTokens: Int
    /// How many tiles of the picture were looked at beside the whole; their tokens are counted above.
    public var tiles: Int

    public init(
        promptTokens: Int = 0, generatedTokens: Int = 0, imageCacheHit: Bool = false, cachedPromptTokens: Int = 0,
        tiles: Int = 0
    ) {
        self.promptTokens = promptTokens
        self.generatedTokens = generatedTokens
        self.imageCacheHit = imageCacheHit
        self.cachedPromptTokens = cachedPromptTokens
        self.tiles = tiles
    }
}

/// Where the time went, in milliseconds.
public struct Timing: Sendable, Hashable {
    public var queue: Double
    public var decodeImage: Double
    public var vision: Double
    public var prefill: Double
    public var generate: Double
    public var total: Double

    public init(
        queue: Double = 0, decodeImage: Double = 0, vision: Double = 0, prefill: Double = 0, generate: Double = 0,
        total: Double = 0
    ) {
        self.queue = queue
        self.decodeImage = decodeImage
        self.vision = vision
        self.prefill = prefill
        self.generate = generate
        self.total = total
    }
}
