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
    /// How many pictures' embeddings are kept for the next task on the same picture.
    public var imageCacheEntries: Int
    /// How many labels or phrases are decoded side by side: bounds the memory of their caches.
    public var batchSize: Int

    public static let defaultImageCacheEntries = 16
    public static let defaultBatchSize = 8

    public init(
        threads: Int = 1, precision: Precision = .f32, cacheFolder: String = NSTemporaryDirectory(),
        imageLimits: ImageLimits = ImageLimits(),
        imageCacheEntries: Int = EngineOptions.defaultImageCacheEntries,
        batchSize: Int = EngineOptions.defaultBatchSize
    ) {
        precondition(threads > 0, "engine: \(threads) threads")
        precondition(imageCacheEntries >= 0, "engine: \(imageCacheEntries) image cache entries")
        precondition(batchSize > 0, "engine: batches of \(batchSize)")
        self.threads = threads
        self.precision = precision
        self.cacheFolder = cacheFolder
        self.imageLimits = imageLimits
        self.imageCacheEntries = imageCacheEntries
        self.batchSize = batchSize
    }
}

/// What one engine can take.
public struct EngineLimits: Sendable, Hashable {
    /// Prompt and new tokens together; `max_position_embeddings` of the model.
    public let contextTokens: Int
    /// The pictures that are decoded.
    public let image: ImageLimits
}
