// SPDX-License-Identifier: MIT

/// What the world does to a journal: a file that cannot be used, a disk that is full, a question that has no answer.
public struct JournalError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of fault; new ones come with new versions.
    public struct Code: Sendable, Hashable, RawRepresentable {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        /// The file cannot be opened or made.
        public static let cannotOpen = Code(rawValue: "cannot_open")
        /// Another process has it.
        public static let locked = Code(rawValue: "locked")
        /// It is no journal of Boxwood's, or of a newer version.
        public static let foreign = Code(rawValue: "foreign")
        /// Its pages or its records contradict themselves.
        public static let damaged = Code(rawValue: "damaged")
        /// The disk, or the journal's own allowance, is used up.
        public static let full = Code(rawValue: "full")
        /// The disk does not do what it is told to.
        public static let inputOutput = Code(rawValue: "input_output")
    }

    public let code: Code
    /// For the person at the machine: it may name the file, so it goes to no network client.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
