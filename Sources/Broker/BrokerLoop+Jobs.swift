// SPDX-License-Identifier: MIT

internal import Journal
internal import Messaging
internal import Wire

// Durable jobs: callers' questions go to the journal, and the journal's jobs to the scheduler.
extension BrokerLoop {
    func askJournal(_ method: Method, _ request: CallRequest, _ peer: Peer) throws(RPCStatus) {
        guard jobs != nil else { throw .noJournal }
        var question = JobQuestion(request, peer, at: now)
        let mail: (JobTicket) -> JournalMail
        switch method {
        case .jobSubmit:
            guard drainDeadline == nil else {
                throw RPCStatus(.unavailable, "the broker is stopping", reason: .draining)
            }
            var submission = try JobSubmission(body: request.body, image: request.image)
            // Whose key it is says who submits; without keys the caller's word has to do.
            if let identity = peer.identity { submission.client = identity.name }
            mail = { [submission] in .submit($0, submission) }
        case .jobList:
            let query = try JobQuery(try WireEncoding.decodeRequest(ProtoListJobsRequest.self, from: request.body))
                .limited(to: peer.jobOwner)
            mail = { .list($0, query) }
        default:
            let id = try WireEncoding.decodeRequest(ProtoGetJobRequest.self, from: request.body).id
            if method == .jobWait { question.waitsFor = id }
            mail = method == .jobCancel ? { .cancel($0, id: id) } : { .get($0, id: id) }
        }
        let ticket = try jobs!.open(question)
        jobs!.keeper.post(mail(ticket))
    }

    func hear(_ news: JournalNews) {
        switch news {
        case .answer(let ticket, let status, let body, let isSettled):
            if status.isOK, !isSettled, jobs!.park(ticket.number) { return }
            guard let question = jobs!.close(ticket.number) else { return }
            answer(question.peer, question.request, status, body: body)
        case .claimed(let claimed, let next):
            jobs!.pump.answered(next: next.map { now + $0 })
            claimed.forEach(begin)
        case .workCame: jobs!.pump.workCame()
        case .settled(let ids): ask(again: jobs!.wake(Set(ids)))
        case .counted(let figures): answerMonitors(figures)
        case .stop(let numbers):
            for call in numbers.compactMap({ jobs!.pump.call(of: $0) }) {
                perform(scheduler.callCancelled(call, at: now))
            }
        }
    }

    private func ask(again waiting: [(JobTicket, id: String)]) {
        for (ticket, id) in waiting { jobs!.keeper.post(.get(ticket, id: id)) }
    }

    /// Hands a job to the scheduler, as a call of a client that has no connection.
    private func begin(_ job: ClaimedJob) {
        guard let method = Method(rawValue: job.method) else { return }
        let time = min(max(job.remaining, 1), Double(WireLimits.maxTimeoutMilliseconds))
        let request = CallRequest(
            id: job.id, method: job.method, timeoutMilliseconds: UInt32(time), metadata: job.metadata, body: job.body,
            image: job.image)
        let peer = Peer(routing: [], isDelimited: false, identity: nil)
        var terms = self.terms(of: request, method, peer)
        terms.priority = .batch
        // Noted first: the scheduler may end the call at once.
        jobs!.pump.began(job.number, as: CallID(nextNumber), bytes: terms.bytes)
        jobs!.begun += 1
        accept(request, from: peer, terms: terms, job: job.number)
    }

    /// The call of a job is over; what that means for the job is the journal's to write down.
    func jobEnded(_ id: CallID, _ number: Int64, _ status: RPCStatus, attempts: Int, body: [UInt8]) {
        guard jobs != nil else { return }
        jobs!.pump.ended(id)
        jobs!.ended += 1
        jobs!.keeper.post(.end(number, status, result: body, attempts: attempts))
    }

    /// Answers who waited long enough, and takes out jobs that there is room for.
    func tendJobs() {
        guard jobs != nil else { return }
        ask(again: jobs!.wakeLate(at: now))
        for question in jobs!.closeLate(at: now) {
            let status = RPCStatus(.deadlineExceeded, "the deadline passed before the journal had answered")
            answer(question.peer, question.request, status)
        }
        guard drainDeadline == nil, let (count, bytes) = jobs!.pump.wanted(room, at: now) else { return }
        jobs!.keeper.post(.claim(count: count, bytes: bytes))
    }

    private var room: JobPump.Room {
        let snapshots = workers.keys.compactMap { scheduler.workerSnapshot($0, at: now) }.filter(\.takesWork)
        return JobPump.Room(
            waiting: scheduler.queueSnapshot(at: now).waiting,
            freeCredits: snapshots.reduce(0) { $0 + max(0, $1.credits - $1.jobs) }, hasWorkers: !snapshots.isEmpty)
    }

    /// What was asked and done before is written and answered; whoever waits is told that the broker stops.
    func closeJournal() {
        guard jobs != nil else { return }
        jobs!.keeper.close()
        for case .journal(let news) in orders.takeAll() {
            if case .answer = news { hear(news) }
        }
        for question in jobs!.closeAll() {
            answer(
                question.peer, question.request, RPCStatus(.unavailable, "the broker is stopping", reason: .draining))
        }
    }
}
