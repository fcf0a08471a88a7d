// SPDX-License-Identifier: MIT

internal import Kernels
public import Tensors

/// Pictures on their way through the vision tower, as many layers at a time as their owner likes.
///
/// Several pictures share each product with a weight; what one of them gets has the same bits as if it were alone.
public final class VisionPass {
    /// How many pictures go together.
    public let pictures: Int
    /// Rows of all pictures together: what one layer costs grows with them.
    public var rows: Int { x.shape[0] }
    /// `[latents, D]` for each picture; empty until ``isDone``.
    public private(set) var embeddings: [Tensor] = []

    private let vision: VisionTower
    private let connector: Connector
    private let observe: ActivationObserver?
    private let step: () -> Void
    private let x: Tensor
    private var layer = 0

    init(
        _ vision: VisionTower, _ connector: Connector, _ pixels: [[Float]], _ observer: ActivationObserver?,
        step: @escaping () -> Void
    ) {
        precondition(!pixels.isEmpty, "vision: no pictures")
        (self.vision, self.connector, observe, self.step) = (vision, connector, observer, step)
        pictures = pixels.count
        let embedded = vision.embed(pixels)
        observer?("vision.embeddings", embedded)
        x = vision.enter(embedded)
        observer?("vision.pre_layrnorm", x)
    }

    public var isDone: Bool { !embeddings.isEmpty }

    /// Computes up to `layers` more layers; the last of them is followed by what makes embeddings of them.
    public func advance(layers: Int) {
        precondition(layers > 0 && !isDone, "vision: \(layers) layers after \(layer)")
        for _ in 0..<min(layers, vision.layerCount - layer) {
            vision.layer(layer, x, pictures: pictures)
            if layer == 0 { observe?("vision.layer0", x) }
            layer += 1
            step()
        }
        if layer == vision.layerCount { connect() }
    }

    /// Computes all that is left.
    public func finish() {
        if !isDone { advance(layers: max(1, vision.layerCount)) }
    }

    private func connect() {
        observe?("vision.last_hidden", x)
        let features = vision.leave(x)
        observe?("vision.post_ln_l2", features)
        let all = connector(features, pictures: pictures)
        let (rows, width) = (all.shape[0] / pictures, all.shape[1])
        embeddings = (0..<pictures).map { index in
            let embeddings = Tensor([rows, width])
            embeddings.pointer.update(from: all.row(index * rows), count: rows * width)
            return embeddings
        }
        observe?("image_embeds", all)
    }
}
