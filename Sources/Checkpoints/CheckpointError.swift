// SPDX-License-Identifier: MIT

/// What is wrong with a model folder or one of its files.
public struct CheckpointError: Error, Hashable, CustomStringConvertible {
    /// The kinds of damage, one for each rule that a file can break.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// A file or folder that cannot be opened or read.
        public static let unreadable = Code(rawValue: "unreadable")
        /// Fewer than eight bytes: no room for the length of the header.
        public static let headerTooSmall = Code(rawValue: "header_too_small")
        /// A header longer than `SafetensorsLimits.headerBytes`.
        public static let headerTooLarge = Code(rawValue: "header_too_large")
        /// A header that ends beyond the file.
        public static let headerLength = Code(rawValue: "header_length")
        /// A header that is not UTF-8.
        public static let headerEncoding = Code(rawValue: "header_encoding")
        /// A header that is not the JSON object the format asks for, or names a tensor twice.
        public static let headerSyntax = Code(rawValue: "header_syntax")
        /// Tensors that leave a hole, overlap, or do not begin at the start of the data.
        public static let offsets = Code(rawValue: "offsets")
        /// A shape whose size does not fit an integer.
        public static let overflow = Code(rawValue: "overflow")
        /// A tensor whose bytes are more or fewer than its type and shape ask for.
        public static let tensorSize = Code(rawValue: "tensor_size")
        /// A file that is longer or shorter than its header says.
        public static let fileSize = Code(rawValue: "file_size")
        /// An element type that this reader does not know or the model cannot use.
        public static let elementType = Code(rawValue: "element_type")
        /// A tensor that the model needs and the folder lacks.
        public static let missingTensor = Code(rawValue: "missing_tensor")
        /// A tensor of another shape than the configuration asks for.
        public static let misshapenTensor = Code(rawValue: "misshapen_tensor")
        /// A tensor that the model has no place for.
        public static let extraTensor = Code(rawValue: "extra_tensor")
        /// An index of shards that disagrees with the shards.
        public static let index = Code(rawValue: "index")
        /// A configuration that cannot be read or describes another architecture.
        public static let configuration = Code(rawValue: "configuration")
        /// More tensors, a longer name or a higher rank than `SafetensorsLimits` allows.
        public static let limit = Code(rawValue: "limit")
    }

    public let code: Code
    /// One sentence that names the file, the tensor, what was expected and what was found.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
