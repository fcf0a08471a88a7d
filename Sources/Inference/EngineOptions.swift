// SPDX-License-Identifier: MIT

public import Foundation
public import Imaging
public import Kosmos2

/// How an engine is set up.
public struct EngineOptions: Sendable {
    /// The threads of the arithmetic; at least 1.
    public var threads: Int
    public var precision: Precision
    /// The folder of quantised weights, which are made on first use; not touched at `f32`.
    public var cacheFolder: String
    public var imageLimits: ImageLimits
    /// Bytes of pictures that are kept for the next task on the same picture: their embeddings, and the keys and values of
    /// what every prompt begins with. 0 keeps none.
    public var pictureCacheBytes: Int
    /// How many sequences are decoded side by side, of all jobs together; a beam search takes one for each beam.
    public var batchSize: Int
    /// Bytes of keys and values that all jobs together may take. A job that finds no room waits; one that never can is
    /// refused.
    public var sequenceCacheBytes: Int

    /// Three pictures of the published model.
    public static let defaultPictureCacheBytes = 96_000_000
    public static let defaultBatchSize = 32
    /// Two sequences of the published model's longest text, or some fifteen captions.
    public static let defaultSequenceCacheBytes = 2_000_000_000

    public init(
        threads: Int = 1, precision: Precision = .f32, cacheFolder: String = NSTemporaryDirectory(),
        imageLimits: ImageLimits = ImageLimits(),
        pictureCacheBytes: Int = EngineOptions.defaultPictureCacheBytes,
        batchSize: Int = EngineOptions.defaultBatchSize,
        sequenceCacheBytes: Int = EngineOptions.defaultSequenceCacheBytes
    ) {
        precondition(threads > 0, "engine: \(threads) threads")
        precondition(
            pictureCacheBytes >= 0 && sequenceCacheBytes >= 0,
            "engine: caches of \(pictureCacheBytes) and \(sequenceCacheBytes) bytes")
        precondition(batchSize > 0, "engine: batches of \(batchSize)")
        self.threads = threads
        self.precision = precision
        self.cacheFolder = cacheFolder
        self.imageLimits = imageLimits
        self.pictureCacheBytes = pictureCacheBytes
        self.batchSize = batchSize
        self.sequenceCacheBytes = sequenceCacheBytes
    }
}

/// What one engine can take.
public struct EngineLimits: Sendable, Hashable {
    /// Prompt and new tokens together; `max_position_embeddings` of the model.
    public let contextTokens: Int
    /// The pictures that are decoded.
    public let image: ImageLimits
}
