// SPDX-License-Identifier: MIT

/// How long until a message is tried again that found no connection: short at first, since a local peer connects within
/// a millisecond or two, then longer, since an absent one may stay away.
public struct SendRetry: Sendable {
    private static let shortest: Duration = .milliseconds(1)
    private static let longest: Duration = .milliseconds(20)

    public private(set) var pause = shortest

    public init() {}

    public mutating func failed() { pause = min(pause * 2, Self.longest) }
    public mutating func succeeded() { pause = Self.shortest }
}
