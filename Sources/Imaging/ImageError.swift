// SPDX-License-Identifier: MIT

/// Why a picture was refused or could not be written.
///
/// The message names what was expected and what was found, and holds nothing of the machine it was made on.
public struct ImageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure, stable from release to release.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        private init(_ description: String) { self.description = description }

        /// No bytes at all.
        public static let empty = Code("empty")
        /// The data ends before the picture does.
        public static let truncated = Code("truncated")
        /// The data contradicts its own format.
        public static let corrupt = Code("corrupt")
        /// A format, or a kind of JPEG or PNG, that is not read here.
        public static let unsupported = Code("unsupported")
        /// A side of no pixels.
        public static let zeroSized = Code("zero-sized")
        /// More bytes than ``ImageLimits/maxBytes``.
        public static let tooManyBytes = Code("too-many-bytes")
        /// More pixels than ``ImageLimits/maxPixels``.
        public static let tooManyPixels = Code("too-many-pixels")
        /// A side longer than ``ImageLimits/maxSide``.
        public static let sideTooLong = Code("side-too-long")
        /// A file made to cost far more work or memory than its pixels.
        public static let tooComplex = Code("too-complex")
        /// No memory for the pixels.
        public static let outOfMemory = Code("out-of-memory")
    }

    public let code: Code
    public let message: String

    public init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
