// SPDX-License-Identifier: MIT

/// The bounds of what a safetensors header may ask for.
public enum SafetensorsLimits {
    /// The longest header, in bytes; the bound of the reference reader.
    public static let headerBytes = 100_000_000
    /// The most tensors in one file. The published checkpoint has 885.
    public static let tensors = 100_000
    /// The longest tensor name, in UTF-8 bytes.
    public static let nameBytes = 512
    /// The highest rank of a tensor.
    public static let rank = 8
}
