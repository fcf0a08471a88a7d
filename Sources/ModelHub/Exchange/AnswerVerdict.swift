// SPDX-License-Identifier: MIT

/// What an answer's status and head mean, before any of its body is read.
package enum AnswerVerdict: Hashable, Sendable {
    /// The whole of what was asked for.
    case whole
    /// The part that was asked for, or another one: `Content-Range` says which.
    case part
    /// The part that was asked for is not there.
    case noSuchPart
    case redirect(to: String)
    /// Worth another try, not before `after`.
    case later(HubError, after: Duration?)
    case refused(HubError)

    /// What was asked for, as errors name it.
    package enum Subject: Hashable, Sendable {
        case listing(ModelReference)
        case file(String, RepositoryName)

        var repository: RepositoryName {
            switch self {
            case .listing(let reference): reference.repository
            case .file(_, let repository): repository
            }
        }
    }

    /// - Parameters:
    ///   - hasToken: whether the request said who asks.
    ///   - seconds: since 1970, for a date in `Retry-After`.
    package init(status: Int, _ headers: HubHeaders, _ subject: Subject, hasToken: Bool, now seconds: Int) {
        switch status {
        case 200: self = .whole
        case 206: self = .part
        case 416: self = .noSuchPart
        case 301, 302, 303, 307, 308:
            self =
                headers["Location"].map { .redirect(to: $0) }
                ?? .refused(
                    HubError(.answer, "\(subject.text): the hub sends elsewhere (\(status)) and does not say where"))
        case 401, 403: self = .refused(Self.notAdmitted(status, headers, subject, hasToken))
        case 404, 410: self = .refused(Self.missing(headers, subject))
        case 408, 425, 429, 500, 502, 503, 504, 520...529:
            let error = HubError(.busy, "\(subject.text): the hub answers \(status)\(Self.words(headers))")
            self = .later(error, after: RetryAfter.read(headers, now: seconds))
        default:
            self = .refused(HubError(.answer, "\(subject.text): the hub answers \(status)\(Self.words(headers))"))
        }
    }

    /// The hub answers 401 for repositories that are not there as well, so that nobody learns which are.
    private static func notAdmitted(
        _ status: Int, _ headers: HubHeaders, _ subject: Subject, _ hasToken: Bool
    ) -> HubError {
        let repository = subject.repository
        switch headers["X-Error-Code"] {
        case "GatedRepo":
            return HubError(
                .gated, "\(repository) is gated: its owner has to let you in first",
                hint: hasToken
                    ? "Ask for access on the repository's page; the token's account has none yet."
                    : "Ask for access on the repository's page, then set HF_TOKEN.")
        case "RepoNotFound" where hasToken: return missing(headers, subject)
        default: break
        }
        guard hasToken else {
            return HubError(
                .unauthorized,
                "the hub does not show \(repository) to strangers: there is no such repository, or it is private",
                hint: "If it is private, set HF_TOKEN. Tokens go over https, or stay on this machine.")
        }
        return HubError(
            .unauthorized, "the hub does not let this token at \(repository) (\(status)\(words(headers)))",
            hint: "See whether HF_TOKEN still holds, and what it may do.")
    }

    private static func missing(_ headers: HubHeaders, _ subject: Subject) -> HubError {
        switch (headers["X-Error-Code"], subject) {
        case ("RevisionNotFound", .listing(let reference)):
            return HubError(
                .revisionNotFound, "\(reference.repository) has no branch, tag or commit \"\(reference.revision)\"")
        case ("EntryNotFound", .file(let name, let repository)):
            return HubError(.fileNotFound, "\(repository) has no file \(name) any more")
        case (_, .listing(let reference)):
            return HubError(.repositoryNotFound, "the hub has no model \(reference.repository)")
        case (_, .file(let name, let repository)):
            return HubError(.fileNotFound, "the hub does not find \(name) of \(repository)")
        }
    }

    /// What the hub says of it, cut to a line.
    private static func words(_ headers: HubHeaders) -> String {
        guard let text = headers["X-Error-Message"], !text.isEmpty else { return "" }
        return ": " + text.prefix(200)
    }
}

extension AnswerVerdict.Subject {
    var text: String {
        switch self {
        case .listing(let reference): "\(reference)"
        case .file(let name, let repository): "\(name) of \(repository)"
        }
    }
}
