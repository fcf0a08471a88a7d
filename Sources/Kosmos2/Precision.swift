// SPDX-License-Identifier: MIT

/// What matrix products are computed with.
public enum Precision: String, Sendable, Hashable, CaseIterable {
    /// Single precision throughout: agrees with the reference implementation.
    case f32
    /// Weights of eight bits, activations of sixteen, exact sums: a quarter of the memory traffic.
    case q8
}
