// SPDX-License-Identifier: MIT

internal import Checkpoints
internal import Kernels
internal import Tensors

/// Takes tensors out of a checkpoint by name and shape, and remembers which were taken.
struct Weights {
    private let checkpoint: Checkpoint
    /// Where matrices come from in place of the checkpoint, if they do.
    private let quantized: QuantizedWeights?
    private var taken: Set<String> = []

    /// What a checkpoint may hold beyond the model's own tensors: the tied head under its alias, and buffers that older
    /// versions of transformers saved.
    private static let tolerated = [
        "text_model.lm_head.weight", "vision_model.model.embeddings.position_ids",
        "text_model.model.embed_positions.weights",
    ]

    init(_ checkpoint: Checkpoint, quantized: QuantizedWeights? = nil) {
        self.checkpoint = checkpoint
        self.quantized = quantized
    }

    mutating func stored(_ name: String, _ shape: Shape) throws(CheckpointError) -> StoredTensor {
        taken.insert(name)
        return try checkpoint.tensor(name, shape: shape)
    }

    mutating func vector(_ name: String, _ count: Int) throws(CheckpointError) -> Tensor {
        Tensor(widening: try stored(name, [count]))
    }

    /// A weight `[outputs, ...]` that rows are multiplied with.
    mutating func matrix(_ name: String, _ shape: Shape) throws(CheckpointError) -> Weight {
        let matrix = WeightMatrix(try stored(name, shape))
        guard let quantized else { return .stored(matrix) }
        return .quantized(try quantized.matrix(name, outputs: matrix.outputs, inputs: matrix.inputs))
    }

    /// `NAME.weight` `[outputs, inputs]` and `NAME.bias` `[outputs]`.
    mutating func linear(_ name: String, inputs: Int, outputs: Int) throws(CheckpointError) -> Linear {
        Linear(
            weight: try matrix(name + ".weight", [outputs, inputs]), bias: try stored(name + ".bias", [outputs]))
    }

    /// `NAME.weight` and `NAME.bias`, both `[width]`.
    mutating func norm(_ name: String, _ width: Int, epsilon: Float) throws(CheckpointError) -> LayerNorm {
        LayerNorm(
            gamma: try vector(name + ".weight", width), beta: try vector(name + ".bias", width), epsilon: epsilon)
    }

    /// Refuses a checkpoint with tensors that were not taken.
    func requireAllTaken() throws(CheckpointError) {
        try checkpoint.requireNoOthers(than: taken.union(Self.tolerated))
    }
}

/// Layer normalisation with its weights.
struct LayerNorm {
    let gamma: Tensor
    let beta: Tensor
    let epsilon: Float

    func callAsFunction(_ x: Tensor) -> Tensor {
        Kernels.layerNorm(x, gamma: gamma, beta: beta, epsilon: epsilon)
    }
}
