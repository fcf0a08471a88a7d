// SPDX-License-Identifier: MIT
import Foundation
import NIOCore
import Synchronization

/// One file on its way into the cache.
///
/// The bytes go to `HASH.incomplete`, which stays when the work is cut short and is gone on with the next time. They get their name
/// when all of them are there and their hash is right, and so never before. Whoever holds the blob's lock does that; others wait,
/// and find it done.
struct BlobFetch {
    let file: PlannedFile
    let url: String
    let layout: CacheLayout
    let connection: HubConnection
    let terms: PullTerms
    /// Whether a blob of the right size is taken for the right one, as it is but for a repair.
    let trusts: Bool
    let report: @Sendable (PullEvent) -> Void

    private var unfinished: String { layout.unfinished(file.digest) }
    private var subject: AnswerVerdict.Subject { .file(file.name, layout.repository) }

    func run() async throws(HubError) {
        while try await !tryRun() {
            report(.shared(file, bytes: FileNames.size(unfinished) ?? 0))
            try await Pause.sleep(terms.turn)
        }
        report(.finished(file))
    }

    /// - Returns: false where another process has the lock.
    private func tryRun() async throws(HubError) -> Bool {
        // Each time, for somebody may remove the model while another's lock is waited for.
        try FileNames.makeFolder(layout.blobs)
        try FileNames.makeFolder(layout.locks)
        let lock = try OpenFile(layout.lock(file.digest), O_RDWR | O_CREAT)
        guard try lock.tryLock() else { return false }
        if try await isThere() {
            try FileNames.remove(unfinished)
            return true
        }
        let partial = try OpenFile(unfinished, O_RDWR | O_CREAT)
        do throws(HubError) {
            try await complete(partial)
        } catch {
            // What can be gone on with stays; what is known to be wrong does not.
            if [.digest, .length, .answer].contains(error.code) { try FileNames.remove(unfinished) }
            throw error
        }
        let path = unfinished
        try await OwnThread.run { _ throws(HubError) in try OpenFile(path, O_RDONLY).synchronize() }
        try FileNames.rename(unfinished, to: layout.blob(file.digest))
        _ = consume lock
        return true
    }

    private func isThere() async throws(HubError) -> Bool {
        guard FileNames.size(layout.blob(file.digest)) == file.size else { return false }
        if trusts { return true }
        return try await hash(layout.blob(file.digest)) == file.digest
    }

    /// Fetches what is missing and checks the whole; bytes of an earlier try that turn out to be wrong are fetched once more.
    private func complete(_ partial: borrowing OpenFile) async throws(HubError) {
        var begin = try partial.size()
        if begin > file.size { begin = try restart(partial) }
        while true {
            try await fill(partial, from: begin)
            guard let actual = try await hash(unfinished) else { throw HubError(.cancelled, "stopped") }
            if actual == file.digest { return }
            guard begin > 0 else {
                throw HubError(
                    .digest,
                    "\(file.name): the hub names \(file.digest), but its bytes are \(actual.text); they were thrown away"
                )
            }
            begin = try restart(partial)
        }
    }

    private func restart(_ partial: borrowing OpenFile) throws(HubError) -> Int {
        try partial.truncate(to: 0)
        report(.received(file, bytes: 0))
        return 0
    }

    /// - Returns: `nil` where the work was stopped.
    private func hash(_ path: String) async throws(HubError) -> BlobDigest? {
        let (file, report) = (file, report)
        return try await OwnThread.run { stop throws(HubError) in
            try file.digest.actual(ofFile: path) { bytes in
                report(.checking(file, bytes: bytes))
                return !stop.isSet
            }
        }
    }

    // MARK: - Bytes

    /// What is known of a transfer from one try to the next.
    private struct Progress {
        var have: Int
        /// The most that there ever was, which is what counts as progress.
        var most: Int
        /// The server's tag of the bytes that came from it.
        var validator: EntityTag?
        var asksForPart = true
    }

    /// Tries until all bytes are there.
    private func fill(_ partial: borrowing OpenFile, from begin: Int) async throws(HubError) {
        var progress = Progress(have: begin, most: begin)
        var retries = RetryRules(terms.retries)
        report(.received(file, bytes: begin))
        while progress.have < file.size {
            var trouble: (error: HubError, after: Duration?)
            do throws(HubConnection.Trouble) {
                try await transfer(partial, &progress)
                guard progress.have < file.size else { return }
                trouble = (
                    HubError(.unreachable, "\(file.name): the hub ends after \(progress.have) of \(file.size) bytes"),
                    nil
                )
            } catch {
                switch error {
                case .refused(let error): throw error
                case .later(let error, let after): trouble = (error, after)
                }
            }
            try await pause(trouble.error, trouble.after, progress.most, &retries)
        }
    }

    private func pause(
        _ error: HubError, _ after: Duration?, _ bytes: Int, _ retries: inout RetryRules
    ) async throws(HubError) {
        let decision = retries.decide(asked: after, bytes: bytes, jitter: Double.random(in: 0...1))
        guard case .wait(let time) = decision else { throw error }
        report(.paused(file, error, time))
        try await Pause.sleep(time)
    }

    /// One answer, as far as it goes.
    private func transfer(
        _ partial: borrowing OpenFile, _ progress: inout Progress
    ) async throws(HubConnection.Trouble) {
        let offset = progress.asksForPart ? progress.have : 0
        let answer = try await connection.ask(
            url, subject, from: offset, validator: progress.validator)
        if let digest = answer.linked.digest, digest != file.digest {
            throw .refused(
                HubError(.answer, "\(file.name): the listing names \(file.digest), the file's own head \(digest.text)"))
        }
        let start = TransferStart(
            answer.verdict, answer.headers, file: file, have: offset, validator: progress.validator)
        switch start {
        case .refused(let error): throw .refused(error)
        case .askForAll(let why):
            (progress.asksForPart, progress.validator) = (false, nil)
            throw .later(HubError(.answer, "\(file.name): the hub sends \(why)"), after: nil)
        case .from(let begin):
            do throws(HubError) {
                if begin < progress.have { progress.have = try restart(partial) }
            } catch {
                throw .refused(error)
            }
            progress.validator = answer.headers.tag("ETag")
            try await write(answer.body, to: partial, &progress)
        }
    }

    private func write(
        _ body: some AsyncSequence<ByteBuffer, any Error>, to partial: borrowing OpenFile, _ progress: inout Progress
    ) async throws(HubConnection.Trouble) {
        var chunks = body.makeAsyncIterator()
        while true {
            let chunk: ByteBuffer?
            do {
                chunk = try await chunks.next()
            } catch {
                guard !Task.isCancelled else { throw .refused(HubError(.cancelled, "stopped")) }
                throw .later(
                    HubError(.unreachable, "\(file.name): \(HubConnection.words(error, "the hub"))"), after: nil)
            }
            guard let chunk else { break }
            guard progress.have + chunk.readableBytes <= file.size else {
                throw .refused(HubError(.length, "\(file.name) has \(file.size) bytes, but the hub sends more"))
            }
            do throws(HubError) {
                try chunk.withUnsafeReadableBytes { bytes throws(HubError) in
                    try partial.write(bytes, at: progress.have)
                }
            } catch {
                throw .refused(error)
            }
            progress.have += chunk.readableBytes
            progress.most = max(progress.most, progress.have)
            progress.asksForPart = true
            report(.received(file, bytes: progress.have))
        }
        guard !Task.isCancelled else { throw .refused(HubError(.cancelled, "stopped")) }
    }
}

/// Sleep that ends with its task.
enum Pause {
    static func sleep(_ time: Duration) async throws(HubError) {
        do {
            try await Task.sleep(for: time)
        } catch {
            throw HubError(.cancelled, "stopped")
        }
    }
}

/// Work that waits for the disk, kept off the threads of Swift's own pool.
enum OwnThread {
    /// Set when nobody waits for the work any more.
    final class StopFlag: Sendable {
        private let value = Atomic(false)

        var isSet: Bool { value.load(ordering: .relaxed) }

        func set() { value.store(true, ordering: .relaxed) }
    }

    static func run<Value: Sendable>(
        _ body: @escaping @Sendable (StopFlag) throws(HubError) -> Value
    ) async throws(HubError) -> Value {
        let stop = StopFlag()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, HubError>, Never>) in
                Thread.detachNewThread {
                    continuation.resume(returning: Result { () throws(HubError) in try body(stop) })
                }
            }
        } onCancel: {
            stop.set()
        }
        return try result.get()
    }
}
