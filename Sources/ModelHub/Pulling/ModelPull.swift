// SPDX-License-Identifier: MIT
public import Foundation
import NIOCore

/// Fetches a model from the hub into the cache: what is there stays, what is missing comes, and the name leads to it when all of it
/// is there.
public struct ModelPull: Sendable {
    private let reference: ModelReference
    private let settings: HubSettings
    private let agent: String
    private let repairs: Bool
    private let terms: PullTerms
    private let report: @Sendable (PullEvent) -> Void
    private let layout: CacheLayout

    /// What is in the cache afterwards.
    public struct Pulled: Sendable, Hashable {
        public let plan: PullPlan
        /// The snapshot, which is a model's folder.
        public let folder: String
    }

    /// - Parameters:
    ///   - agent: who asks, as the hub is told.
    ///   - repairs: hashes what is there and fetches anew what is damaged.
    ///   - report: called from whatever thread it happens on.
    public init(
        _ reference: ModelReference, _ settings: HubSettings, agent: String, repairs: Bool = false,
        terms: PullTerms = PullTerms(), report: @escaping @Sendable (PullEvent) -> Void = { _ in }
    ) {
        (self.reference, self.settings, self.agent, self.repairs) = (reference, settings, agent, repairs)
        (self.terms, self.report) = (terms, report)
        layout = CacheLayout(settings.cache, reference.repository)
    }

    /// - Parameter admit: looks at the configuration before the weights are fetched, and throws where they are not worth it.
    public func run(admit: @Sendable (Data) throws -> Void = { _ in }) async throws -> Pulled {
        guard !settings.isOffline else {
            throw HubError(
                .offline, "HF_HUB_OFFLINE is set, so \(reference) cannot be looked up at the hub",
                hint: "What is in the cache can be used all the same; see `boxwood model list`.")
        }
        let connection = HubConnection(settings, agent: agent, terms: terms.connection)
        do {
            let pulled = try await pull(connection, admit)
            await connection.close()
            return pulled
        } catch {
            await connection.close()
            throw error
        }
    }

    private func pull(_ connection: HubConnection, _ admit: (Data) throws -> Void) async throws -> Pulled {
        let plan = try await plan(connection)
        report(.planned(plan))
        try plan.checkSpace(free: terms.freeBytes(settings.cache), in: settings.cache)
        for step in plan.steps {
            if isToDo(step) { try await fetch(step.file, at: plan.commit, connection) }
            if step.file.name == "config.json" { try admit(try configuration(step.file, plan.commit)) }
        }
        let writer = SnapshotWriter(layout: layout, replacesCopies: repairs)
        try writer.link(plan.steps.map(\.file), at: plan.commit)
        try writer.name(reference.revision, plan.commit)
        return Pulled(plan: plan, folder: layout.snapshot(plan.commit))
    }

    /// What is whole may still have the rest of an earlier try beside it.
    private func isToDo(_ step: PullPlan.Step) -> Bool {
        step.present != .whole || repairs || FileNames.size(layout.unfinished(step.file.digest)) != nil
    }

    private func fetch(
        _ file: PlannedFile, at commit: Commit, _ connection: HubConnection
    ) async throws(HubError) {
        let url = settings.address.file(file.name, of: reference.repository, at: commit)
        try await BlobFetch(
            file: file, url: url, layout: layout, connection: connection, terms: terms, trusts: !repairs, report: report
        ).run()
    }

    private func configuration(_ file: PlannedFile, _ commit: Commit) throws(HubError) -> Data {
        let places = [layout.blob(file.digest), "\(layout.snapshot(commit))/\(file.name)"]
        for place in places {
            if let data = FileManager.default.contents(atPath: place) { return data }
        }
        throw HubError(.inputOutput, "cannot read \(places[0])")
    }

    // MARK: - The plan

    private func plan(_ connection: HubConnection) async throws(HubError) -> PullPlan {
        let listing = try await listing(connection)
        var steps: [PullPlan.Step] = []
        for entry in try FileChoice.choose(listing, of: reference.repository) {
            let file = try await planned(entry, at: listing.commit, connection)
            steps.append(PullPlan.Step(file: file, present: present(file, at: listing.commit)))
        }
        return PullPlan(reference: reference, commit: listing.commit, steps: steps)
    }

    private func present(_ file: PlannedFile, at commit: Commit) -> PresentPart {
        if FileNames.size(layout.blob(file.digest)) == file.size { return .whole }
        // A copy in the snapshot, where links cannot be made.
        let copy = "\(layout.snapshot(commit))/\(file.name)"
        if !FileNames.isLink(copy), FileNames.size(copy) == file.size { return .whole }
        return FileNames.size(layout.unfinished(file.digest)).map { .part($0) } ?? .nothing
    }

    private func listing(_ connection: HubConnection) async throws(HubError) -> RepositoryListing {
        let subject = AnswerVerdict.Subject.listing(reference)
        let data = try await retrying { () async throws(HubConnection.Trouble) in
            let answer = try await connection.ask(settings.address.listing(reference), subject)
            guard answer.verdict == .whole else {
                throw .refused(HubError(.answer, "\(reference): the hub sends a part of its listing"))
            }
            return try await Self.collect(answer, reference)
        }
        return try RepositoryListing(json: data, reference)
    }

    private static func collect(
        _ answer: HubConnection.Answer, _ reference: ModelReference
    ) async throws(HubConnection.Trouble) -> Data {
        do {
            let promised = answer.headers.length("Content-Length") ?? 0
            guard promised <= HubLimits.listingBytes else {
                throw NIOTooManyBytesError(maxBytes: HubLimits.listingBytes)
            }
            return Data(try await answer.body.collect(upTo: HubLimits.listingBytes).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw .refused(
                HubError(.limit, "\(reference): the hub's listing is longer than \(HubLimits.listingBytes) bytes"))
        } catch {
            guard !Task.isCancelled else { throw .refused(HubError(.cancelled, "stopped")) }
            throw .later(HubError(.unreachable, "\(reference): \(HubConnection.words(error, "the hub"))"), after: nil)
        }
    }

    /// Size and hash from the head of the file, for hubs whose listings leave them out.
    private func planned(
        _ entry: RepositoryListing.Entry, at commit: Commit, _ connection: HubConnection
    ) async throws(HubError) -> PlannedFile {
        if let size = entry.size, let digest = entry.digest {
            return try PlannedFile(name: entry.name, size: size, digest: digest)
        }
        let url = settings.address.file(entry.name, of: reference.repository, at: commit)
        let subject = AnswerVerdict.Subject.file(entry.name, reference.repository)
        let linked = try await retrying { () async throws(HubConnection.Trouble) in
            try await connection.ask(url, subject, headOnly: true).linked
        }
        guard let size = entry.size ?? linked.size, let digest = entry.digest ?? linked.digest else {
            throw HubError(.answer, "\(entry.name): the hub names no size or hash of it, so it could not be checked")
        }
        return try PlannedFile(name: entry.name, size: size, digest: digest)
    }

    /// Asks until there is an answer.
    private func retrying<Value>(
        _ ask: () async throws(HubConnection.Trouble) -> Value
    ) async throws(HubError) -> Value {
        var retries = RetryRules(terms.retries)
        while true {
            var trouble: (error: HubError, after: Duration?)
            do throws(HubConnection.Trouble) {
                return try await ask()
            } catch {
                switch error {
                case .refused(let error): throw error
                case .later(let error, let after): trouble = (error, after)
                }
            }
            let decision = retries.decide(asked: trouble.after, bytes: 0, jitter: Double.random(in: 0...1))
            guard case .wait(let time) = decision else { throw trouble.error }
            report(.paused(nil, trouble.error, time))
            try await Pause.sleep(time)
        }
    }
}
