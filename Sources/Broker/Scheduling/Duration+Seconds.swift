// SPDX-License-Identifier: MIT

extension Duration {
    /// As seconds with a fraction.
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
