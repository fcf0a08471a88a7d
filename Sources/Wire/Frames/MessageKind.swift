// SPDX-License-Identifier: MIT

/// What a message is, as its second frame says.
enum MessageKind: String, Sendable, CaseIterable {
    case request = "REQUEST"
    case cancel = "CANCEL"
    case grant = "GRANT"
    case event = "EVENT"
    case response = "RESPONSE"
    case hello = "HELLO"
    case welcome = "WELCOME"
    case who = "WHO"
    case job = "JOB"
    case started = "STARTED"
    case partial = "PARTIAL"
    case result = "RESULT"
    case beat = "BEAT"
    case drain = "DRAIN"
    case credit = "CREDIT"
    case bye = "BYE"

    init?(_ frame: [UInt8]) {
        guard let known = Self.words.first(where: { $0.frame == frame }) else { return nil }
        self = known.kind
    }

    var bytes: [UInt8] { Self.words.first { $0.kind == self }!.frame }

    /// Each as its frame is, made once.
    private static let words = allCases.map { (kind: $0, frame: Array($0.rawValue.utf8)) }

    /// The number of frames that such a message has, header and all.
    var frameCounts: ClosedRange<Int> {
        switch self {
        case .request, .job: 4...5
        case .event, .response, .partial, .result: 4...4
        default: 3...3
        }
    }

    var bodyLimit: Int {
        switch self {
        case .request, .job: WireLimits.requestBodyBytes
        default: WireLimits.responseBodyBytes
        }
    }
}

extension ClosedRange<Int> {
    /// `3` or `4 to 5`
    fileprivate var words: String { lowerBound == upperBound ? "\(lowerBound)" : "\(lowerBound) to \(upperBound)" }
}

extension MessageKind {
    /// `REQUEST has 4 to 5`
    var countRule: String { "\(rawValue) has \(frameCounts.words)" }
}
