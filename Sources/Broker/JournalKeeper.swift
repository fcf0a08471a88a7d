// SPDX-License-Identifier: MIT

import Foundation
public import Journal
public import Logging
internal import Messaging
import Synchronization
internal import Wire

/// What the loop asks of the journal.
enum JournalMail: Sendable {
    case submit(JobTicket, JobSubmission)
    case get(JobTicket, id: String)
    case cancel(JobTicket, id: String)
    case list(JobTicket, JobQuery)
    case claim(count: Int, bytes: Int)
    case end(Int64, RPCStatus, result: [UInt8], attempts: Int)
    /// How many jobs there are in each state.
    case count
    case close
}

/// What the loop is told.
enum JournalNews: Sendable {
    /// The answer to a question; for one about a job whether that is settled.
    case answer(JobTicket, RPCStatus, body: [UInt8], isSettled: Bool)
    /// - Parameter next: when it makes sense to ask again if nothing happens before; `nil`: not before something does.
    case claimed([ClaimedJob], next: Duration?)
    /// There is work that was not there before.
    case workCame
    /// On disk: whoever waits for one of them can be told.
    case settled([String])
    /// Settled while their calls run.
    case stop([Int64])
    /// `nil` where they could not be counted.
    case counted([String: Int]?)
}

/// Whose question it is, and how the answer is written.
struct JobTicket: Sendable, Hashable {
    let number: UInt64
    let encoding: WireEncoding
    /// Whose jobs it may be about; `nil`: anybody's.
    let owner: String?
}

/// The thread that has the journal. Nobody else waits for the disk: questions come by a mailbox, and answers go back by the
/// loop's.
///
/// All that waits is done in one transaction, so that many submits share one sync.
public final class JournalKeeper: Sendable {
    private let mailbox = Mailbox<JournalMail>()
    private let listener = Listening()
    private let thread: DedicatedThread

    /// How often the journal is looked through for what is over or old.
    static let cleaningInterval = Duration.seconds(1)
    /// Messages of one transaction.
    static let batch = 64

    /// Opens the journal and starts; what it has to say goes to the broker that it is given to.
    public init(_ configuration: JournalConfiguration, logger: Logger) throws(JournalError) {
        let opened = Mutex<Result<Void, JournalError>?>(nil)
        let ready = DispatchSemaphore(value: 0)
        let (mailbox, listener) = (mailbox, listener)
        // The journal is made, used and closed by the thread that has it.
        thread = DedicatedThread(name: "journal") {
            do throws(JournalError) {
                let journal = try Journal(configuration)
                opened.withLock { $0 = .success(()) }
                ready.signal()
                var desk = JournalDesk(journal, mailbox, logger) { listener.hear($0) }
                desk.run()
            } catch {
                opened.withLock { $0 = .failure(error) }
                ready.signal()
            }
        }
        ready.wait()
        try opened.withLock { $0! }.get()
    }

    /// Who is told, from now on, on the journal's thread.
    func listen(_ tell: @escaping @Sendable (JournalNews) -> Void) { listener.set(tell) }

    func post(_ mail: JournalMail) { mailbox.post(mail) }

    /// Does what was posted before, then closes the file. Returns when it has.
    public func close() {
        mailbox.post(.close)
        thread.join()
    }
}

/// Who hears the news.
private final class Listening: Sendable {
    private let tell = Mutex<(@Sendable (JournalNews) -> Void)?>(nil)

    func set(_ tell: @escaping @Sendable (JournalNews) -> Void) { self.tell.withLock { $0 = tell } }

    func hear(_ news: JournalNews) { tell.withLock { $0 }?(news) }
}

/// The keeper's side of its thread.
struct JournalDesk: ~Copyable {
    private let journal: Journal
    private let mailbox: Mailbox<JournalMail>
    private let logger: Logger
    private let tell: @Sendable (JournalNews) -> Void
    private var isClosed = false
    private var nextCleaning = ContinuousClock.now
    /// Endings that could not be written yet: their jobs are done, and must not be forgotten or done again.
    private var unwritten: [JournalMail] = []
    private var hasFailed = false

    init(
        _ journal: Journal, _ mailbox: Mailbox<JournalMail>, _ logger: Logger,
        _ tell: @escaping @Sendable (JournalNews) -> Void
    ) {
        self.journal = journal
        self.mailbox = mailbox
        self.logger = logger
        self.tell = tell
    }

    mutating func run() {
        while !isClosed {
            _ = try? Poller.wait([mailbox.pollItem], timeout: max(.zero, nextCleaning - .now))
            var mail = mailbox.takeAll()[...]
            while !mail.isEmpty {
                process(Array(mail.prefix(JournalKeeper.batch)))
                mail = mail.dropFirst(JournalKeeper.batch)
            }
            if ContinuousClock.now >= nextCleaning { tidy() }
        }
        if !unwritten.isEmpty {
            logger.error("results could not be written; their jobs run again", metadata: ["jobs": "\(unwritten.count)"])
        }
    }

    /// Together; where that fails each by itself, so that only those fail that must.
    private mutating func process(_ mail: [JournalMail]) {
        let now = Self.now
        let (isStuck, logger) = (!unwritten.isEmpty, logger)
        do throws(JournalError) {
            let news = try journal.transaction { session throws(JournalError) in
                var news: [JournalNews] = []
                for item in mail { news += try Self.handle(item, session, now, isStuck: isStuck, logger) }
                return news
            }
            news.forEach(tell)
            noteSuccess()
        } catch {
            guard mail.count == 1 else {
                for item in mail { process([item]) }
                return
            }
            note(error)
            refuse(mail[0], error)
        }
        if mail.contains(where: { if case .close = $0 { true } else { false } }) { isClosed = true }
    }

    private mutating func refuse(_ mail: JournalMail, _ error: JournalError) {
        switch mail {
        case .submit(let ticket, _), .get(let ticket, _), .cancel(let ticket, _), .list(let ticket, _):
            tell(.answer(ticket, error.status, body: [], isSettled: false))
        case .claim: tell(.claimed([], next: JournalKeeper.cleaningInterval))
        case .count: tell(.counted(nil))
        case .end: unwritten.append(mail)
        case .close: break
        }
    }

    /// What is over, what is old, and what could not be written before.
    private mutating func tidy() {
        nextCleaning = .now + JournalKeeper.cleaningInterval
        resume()
        let waiting = unwritten
        unwritten = []
        for mail in waiting { process([mail]) }
        do throws(JournalError) {
            let done = try journal.transaction { session throws(JournalError) in try session.clean(at: Self.now) }
            if !done.settled.isEmpty { tell(.settled(done.settled)) }
            if !done.running.isEmpty { tell(.stop(done.running)) }
            if done.isMore { nextCleaning = .now + .milliseconds(20) }
        } catch {
            note(error)
        }
    }

    /// What could not be queued again when the journal was opened, because the disk was full.
    private mutating func resume() {
        guard journal.hasInterrupted else { return }
        do throws(JournalError) {
            try journal.resume()
            tell(.workCame)
            noteSuccess()
        } catch {
            note(error)
        }
    }

    private mutating func note(_ error: JournalError) {
        if !hasFailed { logger.error("the journal cannot be written", metadata: ["error": "\(error)"]) }
        hasFailed = true
    }

    private mutating func noteSuccess() {
        if hasFailed, unwritten.isEmpty { logger.notice("the journal can be written again") }
        if unwritten.isEmpty { hasFailed = false }
    }

    private static var now: Double { (Date().timeIntervalSince1970 * 1000).rounded() }

    private static func handle(
        _ mail: JournalMail, _ session: JournalSession, _ now: Double, isStuck: Bool, _ logger: Logger
    ) throws(JournalError) -> [JournalNews] {
        switch mail {
        case .submit(let ticket, let submission):
            switch try session.submit(submission, at: now) {
            case .accepted(let job):
                return [.answer(ticket, .ok, body: job.body(ticket.encoding), isSettled: false), .workCame]
            case .known(let job):
                return [.answer(ticket, .ok, body: job.body(ticket.encoding), isSettled: job.isSettled)]
            case .keyReused: return [.answer(ticket, .keyReused, body: [], isSettled: false)]
            }
        case .get(let ticket, let id):
            guard let job = try session.job(id, of: ticket.owner) else {
                return [.answer(ticket, .noJob, body: [], isSettled: true)]
            }
            return [.answer(ticket, .ok, body: job.body(ticket.encoding), isSettled: job.isSettled)]
        case .cancel(let ticket, let id):
            guard let (job, running) = try session.cancel(id, of: ticket.owner, at: now) else {
                return [.answer(ticket, .noJob, body: [], isSettled: true)]
            }
            var news: [JournalNews] = [
                .answer(ticket, .ok, body: job.body(ticket.encoding), isSettled: true), .settled([id]),
            ]
            if let running { news.append(.stop([running])) }
            return news
        case .list(let ticket, let query):
            return [.answer(ticket, .ok, body: try session.list(query).body(ticket.encoding), isSettled: true)]
        case .claim(let count, let bytes):
            // While results cannot be written there is no use in more of them.
            guard !isStuck else { return [.claimed([], next: JournalKeeper.cleaningInterval)] }
            let (jobs, unreadable) = try session.claim(atMost: count, bytes: bytes, at: now)
            for id in unreadable { logger.error("a job's request is damaged", metadata: ["job": "\(id)"]) }
            let next = try session.nextClaim().map { Duration.milliseconds(Int(max(0, $0 - now))) }
            let news = JournalNews.claimed(jobs, next: next)
            return unreadable.isEmpty ? [news] : [news, .settled(unreadable)]
        case .end(let number, let status, let result, let attempts):
            let ending = JobEnding(status, result: result, attempts: attempts)
            let settled = try session.end(number, ending, attempts: attempts, at: now)
            guard let settled else { return [.workCame] }
            return [.settled([settled])]
        case .count: return [.counted(try session.figures())]
        case .close: return []
        }
    }
}

extension JournalError {
    /// For a caller: neither the file nor anything of the machine is named.
    var status: RPCStatus {
        switch code {
        case .full:
            RPCStatus(
                .resourceExhausted, "the journal has no room for another job now", retryDelayMilliseconds: 5000,
                reason: .storageFull)
        case .damaged: RPCStatus(.internal, "the journal is damaged where this job is", reason: .storageFailed)
        default:
            RPCStatus(
                .unavailable, "the journal cannot be used now", retryDelayMilliseconds: 1000, reason: .storageFailed)
        }
    }
}

extension RPCStatus {
    static let noJob = RPCStatus(.notFound, "there is no job of that id, or no more", reason: .noJob)
    static let keyReused = RPCStatus(
        .failedPrecondition, "another job was submitted under this key", reason: .keyReused)
    static let noJournal = RPCStatus(
        .failedPrecondition, "this broker keeps no jobs: it was started without a journal", reason: .noJournal)
}
