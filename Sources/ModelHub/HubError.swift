// SPDX-License-Identifier: MIT

/// What is wrong with a model's name, the hub's answers, or the cache on this machine.
public struct HubError: Error, Hashable, CustomStringConvertible {
    /// The kinds of trouble; the first three are the caller's, the next ten the hub's, the rest this machine's.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// A text that is no name of a model, or no revision.
        public static let name = Code(rawValue: "name")
        /// A variable of the environment that says what cannot be.
        public static let settings = Code(rawValue: "settings")
        /// The hub is needed, and HF_HUB_OFFLINE forbids it.
        public static let offline = Code(rawValue: "offline")

        /// Nobody answers, or connections break again and again.
        public static let unreachable = Code(rawValue: "unreachable")
        /// The hub asks to come again later, or fails by itself.
        public static let busy = Code(rawValue: "busy")
        /// The hub wants to know who asks, or does not believe the token.
        public static let unauthorized = Code(rawValue: "unauthorized")
        /// The repository's owner has to let this user in first.
        public static let gated = Code(rawValue: "gated")
        public static let repositoryNotFound = Code(rawValue: "repository_not_found")
        public static let revisionNotFound = Code(rawValue: "revision_not_found")
        public static let fileNotFound = Code(rawValue: "file_not_found")
        /// An answer that makes no sense or is not to be followed.
        public static let answer = Code(rawValue: "answer")
        /// More or fewer bytes than were promised.
        public static let length = Code(rawValue: "length")
        /// Bytes that are not those that the repository's hash names.
        public static let digest = Code(rawValue: "digest")
        /// A repository that holds nothing that Boxwood reads.
        public static let noWeights = Code(rawValue: "no_weights")
        /// More than `HubLimits` allows.
        public static let limit = Code(rawValue: "limit")

        public static let diskSpace = Code(rawValue: "disk_space")
        public static let inputOutput = Code(rawValue: "input_output")
        /// A model that is not in the cache, or not all of it.
        public static let notCached = Code(rawValue: "not_cached")
        /// Another process is writing what should be removed.
        public static let inUse = Code(rawValue: "in_use")
        /// Somebody stopped the work.
        public static let cancelled = Code(rawValue: "cancelled")
    }

    public let code: Code
    /// One sentence that names the repository or the file, what was expected and what was found.
    public let message: String
    /// What to do about it; `nil` where the message says it all.
    public let hint: String?

    public init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    public var description: String { hint.map { "\(message)\n\($0)" } ?? message }
}
