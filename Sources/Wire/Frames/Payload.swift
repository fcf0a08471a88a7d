// SPDX-License-Identifier: MIT

/// The bytes of a frame that may be large, wherever they are: an array, or memory that somebody else holds. Passing it on copies
/// nothing.
///
/// `@unchecked Sendable` holds because the owner keeps the bytes where they are for as long as it lives, and nobody changes
/// them.
public struct Payload: @unchecked Sendable {
    /// Who holds the bytes; `nil` for an array.
    public let owner: (any AnyObject & Sendable)?
    private let held: UnsafeRawBufferPointer
    private let own: [UInt8]

    public init(_ bytes: [UInt8]) {
        (owner, held, own) = (nil, UnsafeRawBufferPointer(start: nil, count: 0), bytes)
    }

    /// - Precondition: the owner keeps the bytes where they are, as they are, for as long as it lives.
    public init(owner: any AnyObject & Sendable, bytes: UnsafeRawBufferPointer) {
        (self.owner, held, own) = (owner, bytes, [])
    }

    public var count: Int { owner == nil ? own.count : held.count }

    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        guard let owner else { return own.withUnsafeBytes(body) }
        return withExtendedLifetime(owner) { body(held) }
    }

    /// The bytes as an array, copied where they are not one.
    public var array: [UInt8] { owner == nil ? own : withUnsafeBytes { Array($0) } }
}

extension Payload: Hashable {
    public static func == (a: Payload, b: Payload) -> Bool {
        a.count == b.count && a.withUnsafeBytes { left in b.withUnsafeBytes { left.elementsEqual($0) } }
    }

    public func hash(into hasher: inout Hasher) {
        withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}
