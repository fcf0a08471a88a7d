// SPDX-License-Identifier: MIT

import Grounding
import Imaging
import Kosmos2
import Tensors

/// A picture as the decoder reads it, and what the result says of it.
struct KnownPicture {
    var description: ImageDescription
    /// `[64, D]`.
    var embeddings: Tensor
    /// The keys and values of `PromptEncoder.prefix` with the picture in it, and room for no more.
    var prefix: KeyValueCache

    func bytes(_ model: Kosmos2Model) -> Int {
        embeddings.count * MemoryLayout<Float>.stride + prefix.capacity * model.cacheBytesPerToken
    }
}

/// A picture on its way from bytes to what prompts begin with. Jobs on one picture wait for one of these.
final class PictureWork {
    enum Stage {
        case file([UInt8])
        case pixels([Float])
        /// In the vision tower, or in the decoder.
        case busy
        /// Through the vision tower.
        case encoded(Tensor)
        case known(KnownPicture)
    }

    let key: PictureKey
    var stage: Stage
    /// Set once the file is decoded.
    var description: ImageDescription?
    /// Set once it is through the vision tower.
    var embeddings: Tensor?
    /// Those who wait for it or use it.
    var jobs: [BatchJob]

    init(_ key: PictureKey, _ stage: Stage, for job: BatchJob) {
        (self.key, self.stage, jobs) = (key, stage, [job])
        description = known?.description
    }

    var known: KnownPicture? {
        if case .known(let picture) = stage { picture } else { nil }
    }
}

extension TaskError {
    /// A picture that cannot be decoded is the caller's fault, except where memory ran out.
    init(_ error: ImageError) {
        guard error.code != .outOfMemory else {
            self.init(.resourceExhausted, error.message)
            return
        }
        self.init(violations: [FieldViolation("image", error.message)])
    }
}
