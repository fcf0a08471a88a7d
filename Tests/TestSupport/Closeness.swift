// SPDX-License-Identifier: MIT

/// How far two lists of numbers are apart.
public struct Distance: CustomStringConvertible {
    /// The largest absolute difference, and where it is.
    public let maximum: Float
    public let worstIndex: Int
    public let expected: Float
    public let actual: Float

    public var description: String {
        "largest difference \(maximum) at \(worstIndex): expected \(expected), got \(actual)"
    }
}

/// The largest absolute difference of two lists; a NaN on either side counts as infinitely far.
/// - Precondition: the lists have one length.
public func distance(_ actual: some Collection<Float>, _ expected: some Collection<Float>) -> Distance {
    precondition(actual.count == expected.count, "distance: \(actual.count) values against \(expected.count)")
    var worst = Distance(maximum: 0, worstIndex: 0, expected: 0, actual: 0)
    for (index, (a, e)) in zip(actual, expected).enumerated() {
        let difference = a == e ? 0 : abs(a - e)
        let size = difference.isNaN ? Float.infinity : difference
        if size > worst.maximum {
            worst = Distance(maximum: size, worstIndex: index, expected: e, actual: a)
        }
    }
    return worst
}
