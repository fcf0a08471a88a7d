// SPDX-License-Identifier: MIT
import Foundation
public import FuzzTargets
import Grounding
import Journal
import Wire

extension FuzzTarget {
    /// A journal's files: opened, nothing that was acknowledged is missing; or refused, and left as they are.
    ///
    /// An input is what happens to three good files, eight bytes for each event: the kind and the file, four bytes of place, one of
    /// length, two of value. Changing the files themselves would be a hundred times slower, and reach no more.
    ///
    /// In a target of its own, so that the others are built without a database.
    public static let journal = FuzzTarget(
        "journal", longest: 128, runs: 400, seeds: JournalTarget.seeds, check: JournalTarget.check)
}

private enum JournalTarget {
    static let names = ["jobs.db", "jobs.db-wal", "jobs.db-seal"]

    static let sealName = "jobs.db-seal"

    private static func name(of byte: UInt8) -> String { names[Int(byte & 3) % names.count] }

    /// The files of one moment.
    typealias Files = [String: [UInt8]]

    /// The files as a process that was killed leaves them, an earlier moment of the same, and the jobs of both.
    private struct Originals {
        var early: Files
        var late: Files
        /// Closed in order: everything is in the database.
        var closed: Files
        var jobs: [String]
    }

    private static let originals: Originals = {
        do {
            return try make()
        } catch {
            preconditionFailure("no journal can be made: \(error)")
        }
    }()

    static func seeds() throws -> [(name: String, bytes: [UInt8])] {
        func event(_ kind: UInt8, _ file: UInt8, _ place: UInt32, _ length: UInt8 = 1, _ value: UInt16 = 1) -> [UInt8] {
            let places = withUnsafeBytes(of: place.littleEndian) { Array($0) }
            return [kind << 2 | file] + places + [length] + [UInt8(value & 0xFF), UInt8(value >> 8)]
        }
        return [
            ("nothing", []), ("closed", [0x80]), ("bit-of-database", event(0, 0, 4100)),
            ("bit-of-log", event(0, 1, 5000)),
            ("bit-of-seal", event(0, 2, 17)), ("cut-log", event(1, 1, 9000)), ("cut-database", event(1, 0, 4096)),
            ("cut-seal", event(1, 2, 20)), ("sector-of-log", event(2, 1, 8192, 255, 0)),
            ("older-log", event(3, 1, 0, 255)), ("older-seal", event(3, 2, 0, 255)),
            ("older-page", event(4, 1, 12_000, 8)),
            ("no-log", event(5, 1, 0)), ("no-seal", event(5, 2, 0)), ("no-database", event(5, 0, 0)),
            ("closed-and-bit", [0x80] + event(0, 0, 8200)), ("closed-and-cut", [0x80] + event(1, 0, 12_288)),
            ("both-seals", event(0, 2, 10) + event(0, 2, 522)),
        ]
    }

    static func check(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let folder = ScratchFolder()
        let files = damaged(input)
        for (name, bytes) in files { folder.write(bytes, to: name, mode: 0o600) }
        let path = folder.path + "/jobs.db"
        if files.isEmpty { return false }
        let journal: Journal
        do throws(JournalError) {
            journal = try Journal(JournalConfiguration(path: path, reservedDiskBytes: 0))
        } catch {
            try promise(
                [.damaged, .foreign].contains(error.code), "damage is called damage", "\(error.code.rawValue): \(error)"
            )
            try promise(error.message.contains(path), "an error names the file", error.message)
            try promise(
                content(of: folder.path) == files.filter { !$0.value.isEmpty }, "what is damaged stays as it is")
            return false
        }
        let kept: [String]
        do {
            kept = try journal.transaction { session throws(JournalError) in try session.list(everything) }.jobs.map(
                \.customID)
        } catch {
            throw BrokenPromise("a journal that opened can be read", "\(error)")
        }
        try promise(kept == originals.jobs, "no job goes without a word", "\(kept.count) of \(originals.jobs.count)")
        return true
    }

    private static let everything: JobQuery = {
        var request = ProtoListJobsRequest()
        request.pageSize = 100
        guard let query = try? JobQuery(request) else { preconditionFailure("a page of 100 jobs is no query") }
        return query
    }()

    /// The originals after the events of an input; a first byte of 128 or more takes the journal that was closed.
    ///
    /// Either the seal is damaged or the rest, as the first event says: the seal is there to tell of the rest, and who has
    /// both can put any earlier moment back, as from a copy.
    private static func damaged(_ input: [UInt8]) -> Files {
        var files = originals.late
        var rest = input[...]
        if let first = rest.first, first >= 0x80 {
            files = originals.closed
            rest = rest.dropFirst()
        }
        let isSeal = rest.first.map { name(of: $0) == sealName }
        while rest.count >= 8 {
            let event = Array(rest.prefix(8))
            rest = rest.dropFirst(8)
            let name = name(of: event[0])
            guard (name == sealName) == isSeal else { continue }
            let place = event[1...4].reversed().reduce(0) { $0 << 8 | Int($1) }
            files[name] = files[name].flatMap { bytes in
                change(bytes, event, at: bytes.isEmpty ? 0 : place % bytes.count, older: originals.early[name] ?? [])
            }
        }
        return files
    }

    private static func change(_ bytes: [UInt8], _ event: [UInt8], at place: Int, older: [UInt8]) -> [UInt8]? {
        var bytes = bytes
        let length = Int(event[5])
        let end = min(bytes.count, place + max(1, length))
        switch event[0] >> 2 % 6 {
        case 0 where !bytes.isEmpty: bytes[place] ^= event[6] == 0 ? 1 : event[6]
        case 1: bytes.removeSubrange(place...)
        // A sector that was never written, or written with something else.
        case 2: for index in place / 512 * 512..<min(bytes.count, place / 512 * 512 + 512) { bytes[index] = event[6] }
        case 3 where length == 255: return older
        case 3: bytes.replaceSubrange(place..<end, with: repeatElement(event[6], count: end - place))
        // Pages that never reached the disk: as they were at an earlier moment.
        case 4:
            let (first, last) = (
                place / 4096 * 4096, min(bytes.count, older.count, place / 4096 * 4096 + 4096 * max(1, length))
            )
            if first < last { bytes.replaceSubrange(first..<last, with: older[first..<last]) }
        case 5 where event[6] == 1: return nil
        case 5: bytes.append(contentsOf: repeatElement(event[7], count: length))
        default: break
        }
        return bytes
    }

    // MARK: - The originals

    private static func make() throws -> Originals {
        let folder = ScratchFolder()
        let path = folder.path + "/jobs.db"
        var journal: Journal? = try Journal(JournalConfiguration(path: path, reservedDiskBytes: 0))
        var jobs: [String] = []
        var early: Files = [:]
        for number in 0..<12 {
            if number == 6 { early = content(of: folder.path) }
            let name = "question \(number)"
            let submission = JobSubmission(
                TaskRequest(.ask(question: name, grounded: false)),
                image: [UInt8](repeating: UInt8(number), count: 300),
                key: "", customID: name, client: "", metadata: [:], timeToLiveSeconds: 3600)
            _ = try journal?.transaction { session throws(JournalError) in try session.submit(submission, at: 0) }
            jobs.append(name)
        }
        // While it is open: as if the process ended now.
        let late = content(of: folder.path)
        journal = nil
        return Originals(early: early, late: late, closed: content(of: folder.path), jobs: jobs)
    }

    /// The journal's files that are not empty; the log's index is nobody's.
    private static func content(of folder: String) -> Files {
        var files: Files = [:]
        for name in names {
            let bytes = FileManager.default.contents(atPath: folder + "/" + name).map(Array.init) ?? []
            if !bytes.isEmpty { files[name] = bytes }
        }
        return files
    }
}
