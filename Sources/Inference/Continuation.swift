// SPDX-License-Identifier: MIT

package import Tensors

/// One prompt on its way to an answer: says which tokens the model is to see next, and chooses from the logits that
/// follow. It never calls the model, so any number of them share a step.
package protocol Continuation<Cache>: AnyObject {
    associatedtype Cache: SequenceCache

    /// The tokens of the next step, each with the cache of its sequence; none once `isDone`.
    var wanted: [(token: Int, cache: Cache)] { get }
    var isDone: Bool { get }
    /// What was found, once it is done.
    var generation: Generation { get }

    /// Goes on by one token.
    /// - Parameter logits: a row for each wanted token; at first one, of the prompt's last position.
    /// - Throws: `internal` where they are no finite numbers.
    func take(_ logits: LogitRows) throws(TaskError)
}

/// Some rows of raw logits, each `[V]`; valid as long as the tensor.
package struct LogitRows {
    private let tensor: Tensor
    private let first: Int

    /// - Parameter tensor: `[rows, V]`.
    package init(_ tensor: Tensor, from first: Int = 0) {
        (self.tensor, self.first) = (tensor, first)
    }

    package init(_ logits: [Float]) {
        self.init(Tensor([1, logits.count], logits))
    }

    /// The rows from one of them on.
    package func from(_ row: Int) -> LogitRows { LogitRows(tensor, from: first + row) }

    package subscript(row: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: tensor.row(first + row), count: tensor.shape[-1])
    }
}

extension SequenceModel {
    /// One step for all of these, each by as many tokens as it wants.
    /// - Returns: for each what it threw, if it did: the others are not touched by that.
    package func step(_ continuations: [any Continuation<Cache>]) -> [TaskError?] {
        let wanted = continuations.map { $0.wanted }
        let logits = step(
            tokens: wanted.flatMap { $0.map(\.token) }, caches: wanted.flatMap { $0.map(\.cache) })
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
