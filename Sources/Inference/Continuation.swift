// SPDX-License-Identifier: MIT

package import Kosmos2
import Tensors

/// One prompt on its way to an answer: says which tokens the model is to see next, and chooses from the logits that
/// follow. It never calls the model, so any number of them share a step.
package protocol Continuation<Cache>: AnyObject {
    associatedtype Cache: SequenceCache

    /// The tokens of the next step, each with the cache of its sequence; none once `isDone`.
    var wanted: [(token: Int, cache: Cache)] { get }
    /// The tokens among which it then chooses. Logits of more tokens do not change what it does.
    var part: HeadPart { get }
    var isDone: Bool { get }
    /// What was found, once it is done.
    var generation: Generation { get }
    /// What it has so far and will not take back; `nil` where everything may still change.
    var settled: Generation? { get }

    /// Goes on by one token.
    /// - Parameter logits: a row for each wanted token; at first one, of the prompt's last position.
    /// - Throws: `internal` where they are no finite numbers.
    func take(_ logits: LogitRows) throws(TaskError)
}

extension Continuation {
    package var settled: Generation? { nil }
}

/// Some rows of raw logits.
package struct LogitRows {
    private let logits: Logits
    private let first: Int

    package init(_ logits: Logits, from first: Int = 0) {
        (self.logits, self.first) = (logits, first)
    }

    /// One row, of the whole vocabulary.
    package init(_ logits: [Float]) {
        self.init(Logits(Tensor([1, logits.count], logits)))
    }

    /// The rows from one of them on.
    package func from(_ row: Int) -> LogitRows { LogitRows(logits, from: first + row) }

    /// The logits of one row, `[V]` or the end of it; valid as long as these are.
    package subscript(row: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: logits.values.row(first + row), count: logits.values.shape[-1])
    }

    /// The choice of the next token from one row; valid as long as these are.
    package func next(_ row: Int) -> NextToken { NextToken(self[row], firstToken: logits.firstToken) }
}

extension SequenceModel {
    /// One step for all of these, each by as many tokens as it wants.
    /// - Returns: for each what it threw, if it did: the others are not touched by that.
    package func step(_ continuations: [any Continuation<Cache>]) -> [TaskError?] {
        let wanted = continuations.map { $0.wanted }
        let logits = step(
            tokens: wanted.flatMap { $0.map(\.token) }, caches: wanted.flatMap { $0.map(\.cache) },
            continuations.allSatisfy { $0.part == .tags } ? .tags : .all)
        var row = 0
        return zip(continuations, wanted).map { continuation, wanted in
            defer { row += wanted.count }
            do throws(TaskError) {
                try continuation.take(LogitRows(logits, from: row))
                return nil
            } catch {
                return error
            }
        }
    }

    /// Runs all to their ends. Each ends by itself; the others go on in a smaller batch.
    func run(_ continuations: [any Continuation<Cache>]) throws(TaskError) {
        var running = continuations.filter { !$0.isDone }
        while !running.isEmpty {
            let failed = step(running).compactMap { $0 }
            if let error = failed.first { throw error }
            running.removeAll { $0.isDone }
        }
    }
}
