// SPDX-License-Identifier: MIT

package import Wire

/// What an operator may call a worker by.
package struct WorkerName: Sendable, Hashable {
    /// The broker's id of its session.
    package let id: String
    /// Its own, which others may have, too.
    package let name: String

    package init(id: String, name: String) {
        self.id = id
        self.name = name
    }

    /// The one worker that is meant.
    /// - Throws: NOT_FOUND, and FAILED_PRECONDITION where several are meant.
    package static func index(of text: String, in workers: [WorkerName]) throws(RPCStatus) -> Int {
        guard !text.isEmpty else { throw RPCStatus(.notFound, "no worker is named") }
        let meant = workers.indices.filter { workers[$0].id == text || workers[$0].name == text }
        guard meant.count < 2 else {
            throw RPCStatus(
                .failedPrecondition, "\(meant.count) workers are called that; name one by its id",
                reason: .ambiguousWorker, reasonMetadata: ["workers": listed(meant.map { workers[$0].id })])
        }
        guard let index = meant.first else { throw RPCStatus(.notFound, "no worker of that id or name is here") }
        return index
    }

    /// The first few, so that a status stays small however many there are.
    private static func listed(_ ids: [String]) -> String {
        ids.prefix(listedWorkers).joined(separator: " ") + (ids.count > listedWorkers ? " ..." : "")
    }

    package static let listedWorkers = 16
}
