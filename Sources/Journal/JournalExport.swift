// SPDX-License-Identifier: MIT

import Foundation
internal import GRDB
public import Wire

/// Reads what can be read of a journal, whole or damaged, job by job. Reading changes nothing.
public final class JournalExport {
    /// A job, with its request where that is still there.
    public struct Entry {
        public let job: ProtoDurableJob
        /// The binary request of its method.
        public let body: [UInt8]?
        public let image: [UInt8]?
    }

    private let queue: DatabaseQueue
    private let seal: Seal?
    private let path: String
    /// The highest number that a job may have.
    public let last: Int64

    /// - Throws: `locked` while a broker has it; `foreign` or `damaged` where not even its first page can be read.
    public init(path: String) throws(JournalError) {
        self.path = path
        let configuration = JournalConfiguration(path: path)
        let hasSeal = FileManager.default.fileExists(atPath: configuration.sealPath)
        seal = hasSeal ? try Seal(path: configuration.sealPath, create: false) : nil
        do {
            let queue = try JournalReport.readOnly(path)
            self.queue = queue
            let counted = try? queue.read { try JournalCounts($0)?.last }
            let highest = try? queue.read { try Int64.fetchOne($0, sql: "SELECT MAX(number) FROM jobs") }
            last = max(seal?.mark.lastNumber ?? 0, max(counted ?? 0, highest ?? 0))
        } catch {
            throw JournalError(error, path: path)
        }
    }

    /// One job.
    /// - Returns: `nil` where there is none of that number, any more.
    /// - Throws: `damaged` where it cannot be read; others may be.
    public func entry(_ number: Int64) throws(JournalError) -> Entry? {
        do {
            return try queue.read { db in
                guard let row = try JobRow.fetch(db, where: "number = ?", [number]) else { return nil }
                let request = try? Row.fetchOne(
                    db, sql: "SELECT body, image, digest FROM requests WHERE number = ?", arguments: [number])
                let body = request.flatMap { JobRow.blob($0, "body") } ?? []
                let image = request.flatMap { JobRow.blob($0, "image") } ?? []
                let isWhole = request.map {
                    JobRow.blob($0, "digest") == JournalSession.requestDigest(number, body, image)
                }
                return Entry(
                    job: try row.proto(withResult: true), body: isWhole == true ? body : nil,
                    image: isWhole == true ? image : nil)
            }
        } catch {
            throw JournalError(error, path: path)
        }
    }
}
