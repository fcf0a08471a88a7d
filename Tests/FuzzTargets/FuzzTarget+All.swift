// SPDX-License-Identifier: MIT

extension FuzzTarget {
    /// Every target, by the order of the rooms.
    public static let all: [FuzzTarget] = [
        pictures, tokens, pieces, safetensors, modelFolder, groundedText, prompts, frames, bodies, results, keys,
        endpoints, traces,
    ]
}
