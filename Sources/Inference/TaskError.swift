// SPDX-License-Identifier: MIT

public import Grounding

/// Why a task has no result. The codes carry the meaning of gRPC's codes of the same names.
public struct TaskError: Error, Hashable, CustomStringConvertible {
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The request or its picture can never succeed.
        public static let invalidArgument = Code(rawValue: "invalid_argument")
        /// The caller gave up.
        public static let cancelled = Code(rawValue: "cancelled")
        /// The time ran out.
        public static let deadlineExceeded = Code(rawValue: "deadline_exceeded")
        /// The request is larger than a limit of this engine.
        public static let resourceExhausted = Code(rawValue: "resource_exhausted")
        /// The model's files cannot be used.
        public static let failedPrecondition = Code(rawValue: "failed_precondition")
        /// A fault of the engine, such as logits that are no numbers.
        public static let `internal` = Code(rawValue: "internal")
    }

    public let code: Code
    public let message: String
    /// The fields at fault, for `invalidArgument`.
    public let violations: [FieldViolation]

    public init(_ code: Code, _ message: String, violations: [FieldViolation] = []) {
        self.code = code
        self.message = message
        self.violations = violations
    }

    /// Fields that break their rules; the message repeats the first few.
    init(violations: [FieldViolation]) {
        let shown = violations.prefix(3).map { "\($0.field) \($0.description)" }.joined(separator: "; ")
        self.init(.invalidArgument, shown, violations: violations)
    }

    public var description: String { message }
}

/// The name of `TaskError.Code` where it stands alone.
public typealias TaskErrorCode = TaskError.Code
