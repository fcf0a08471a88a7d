// SPDX-License-Identifier: MIT

internal import Messaging
internal import Observability
internal import Wire

/// What the loop has to do with durable jobs: questions that the journal has not answered, and those who wait for a job.
struct JobService {
    /// Most questions at a time, waiting ones included, of all connections and of one; and their bytes together.
    static let questionLimit = 1024
    static let clientQuestionLimit = 256
    static let questionBytes = 64 << 20

    let keeper: JournalKeeper
    var pump = JobPump()
    var begun = 0
    var ended = 0
    /// Whoever asked for metrics and waits for the journal's.
    var monitors: [(question: ServiceQuestion, report: ServiceReport)] = []
    private var questions: [UInt64: JobQuestion] = [:]
    private var byClient: [ClientID: [String: UInt64]] = [:]
    private var bytes = 0
    private var nextTicket: UInt64 = 1

    init(_ keeper: JournalKeeper) { self.keeper = keeper }

    /// Notes a question and gives it a number.
    mutating func open(_ question: JobQuestion) throws(RPCStatus) -> JobTicket {
        let theirs = byClient[question.peer.client]?.count ?? 0
        guard questions.count < Self.questionLimit, theirs < Self.clientQuestionLimit,
            bytes + question.bytes <= Self.questionBytes
        else {
            throw RPCStatus(
                .resourceExhausted, "too many questions about jobs are open", retryDelayMilliseconds: 1000,
                reason: .queueFull)
        }
        let number = nextTicket
        nextTicket += 1
        questions[number] = question
        byClient[question.peer.client, default: [:]][question.request.id] = number
        bytes += question.bytes
        return question.ticket(number)
    }

    /// Ends one; `nil` when it was ended before.
    mutating func close(_ number: UInt64) -> JobQuestion? {
        guard let question = questions.removeValue(forKey: number) else { return nil }
        bytes -= question.bytes
        byClient[question.peer.client]?[question.request.id] = nil
        if byClient[question.peer.client]?.isEmpty == true { byClient[question.peer.client] = nil }
        return question
    }

    /// Has a question wait for its job.
    /// - Returns: false for one that waits no more.
    mutating func park(_ number: UInt64) -> Bool {
        guard questions[number]?.waitsFor != nil else { return false }
        questions[number]?.isParked = true
        return true
    }

    /// Those that wait for one of these jobs; they wait no more.
    mutating func wake(_ ids: Set<String>) -> [(JobTicket, id: String)] {
        release { ids.contains($0) && $1.isParked }
    }

    /// Those that have waited as long as they may; they wait no more.
    mutating func wakeLate(at now: Duration) -> [(JobTicket, id: String)] {
        release { $1.isParked && $1.answerAt <= now }
    }

    private mutating func release(_ isMeant: (String, JobQuestion) -> Bool) -> [(JobTicket, id: String)] {
        var woken: [(JobTicket, id: String)] = []
        for (number, question) in questions {
            guard let id = question.waitsFor, isMeant(id, question) else { continue }
            questions[number]?.isParked = false
            questions[number]?.waitsFor = nil
            woken.append((question.ticket(number), id))
        }
        return woken
    }

    func isOpen(_ id: String, of peer: Peer) -> Bool { byClient[peer.client]?[id] != nil }

    mutating func cancelQuestion(_ id: String, of peer: Peer) -> CallRequest? {
        guard let number = byClient[peer.client]?[id] else { return nil }
        return close(number)?.request
    }

    mutating func forget(_ client: ClientID) {
        for number in (byClient[client] ?? [:]).values { _ = close(number) }
    }

    mutating func closeLate(at now: Duration) -> [JobQuestion] {
        questions.filter { $0.value.deadline <= now }.keys.compactMap { close($0) }
    }

    mutating func closeAll() -> [JobQuestion] { Array(questions.keys).compactMap { close($0) } }

    /// When something is to be done if nothing happens before.
    func wakes(after now: Duration) -> [Duration] {
        questions.values.map { $0.isParked ? min($0.answerAt, $0.deadline) : $0.deadline }
            + (pump.askAt.map { $0 > now ? [$0] : [] } ?? [])
    }

    var counters: [String: Double] {
        ["durable_jobs_begun_total": Double(begun), "durable_jobs_ended_total": Double(ended)]
    }
}

/// A call of one of the methods of Jobs.
struct JobQuestion {
    let peer: Peer
    /// Without its body and image, which are the journal's.
    let request: CallRequest
    let bytes: Int
    let deadline: Duration
    /// When a call of Wait is answered with what the job is then.
    let answerAt: Duration
    /// The job that a call of Wait waits for.
    var waitsFor: String?
    var isParked = false

    /// A call of Wait is answered so long before its deadline, or a quarter of its time where that is less, that the answer
    /// arrives in time.
    static let margin = Duration.milliseconds(500)

    init(_ request: CallRequest, _ peer: Peer, at now: Duration) {
        let time = Duration.milliseconds(Int(request.effectiveTimeoutMilliseconds))
        self.peer = peer
        bytes = request.body.count + (request.picture?.count ?? 0)
        deadline = now + time
        answerAt = now + time - min(Self.margin, time / 4)
        var request = request
        request.body = []
        request.image = nil
        self.request = request
    }

    func ticket(_ number: UInt64) -> JobTicket {
        JobTicket(number: number, encoding: request.encoding, owner: peer.jobOwner)
    }
}

extension Peer {
    /// Whose jobs this connection may see and cancel: where connections have keys each client its own, operators all.
    var jobOwner: String? {
        guard let identity, identity.role != .admin else { return nil }
        return identity.name
    }
}
