// SPDX-License-Identifier: MIT

/// What matrix products are computed with.
public enum Precision: String, Sendable, Hashable, CaseIterable {
    /// Single precision throughout: agrees with the reference implementation.
    case f32
    /// Weights and activations of eight bits, exact sums: a quarter of the memory traffic.
    case q8
    /// As `q8`, with the text decoder and its head in four bits: a token reads 0.76 GB of the published model where it
    /// reads 1.4 at `q8` and 5.4 at `f32`.
    case q4
}
