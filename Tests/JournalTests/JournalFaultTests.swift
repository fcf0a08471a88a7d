// SPDX-License-Identifier: MIT

import Foundation
import Journal
import Testing
import Wire

struct JournalFaultTests {
    private let folder: JournalFolder

    init() throws { folder = try JournalFolder() }

    /// A journal with jobs of every kind, as a broker leaves it that is killed: its log is still there.
    private func filled() throws -> (files: [String: [UInt8]], jobs: [ProtoDurableJob]) {
        let journal = try folder.open()
        for index in 0..<12 {
            try journal.submit(question("\(index)", image: [UInt8](repeating: UInt8(index), count: 900)))
        }
        for job in try journal.claim(4) { try journal.end(job.number, .succeeded(answer("\(job.number)")), at: 1) }
        _ = try journal.claim(2)
        let jobs = try journal.list { $0.pageSize = 100 }.jobs
        // While it is open: closing it would move the log into the database.
        return withExtendedLifetime(journal) { (folder.files, jobs) }
    }

    private func numbers(_ journal: Journal) throws -> [String] { try journal.list().jobs.map(\.customID) }

    @Test func aKilledBrokersJournalIsWhole() throws {
        let (files, jobs) = try filled()
        #expect(files.keys.sorted() == ["jobs.db", "jobs.db-seal", "jobs.db-wal"])
        folder.files = files
        #expect(try JournalReport(path: folder.path).faults.isEmpty)
        let journal = try folder.open()
        #expect(try numbers(journal) == jobs.map(\.customID))
    }

    @Test func onlyOneProcessHasAJournal() throws {
        let journal = try folder.open()
        #expect(throws: JournalError(.locked, "\(folder.path)-seal: another process has this journal")) {
            _ = try folder.open()
        }
        #expect(throws: JournalError.self) { _ = try JournalReport(path: folder.path) }
        try withExtendedLifetime(journal) { _ = try journal.submit(question("still there")) }
    }

    /// Cut anywhere: the journal is whole, or opening it says so and changes nothing. No job goes without a word.
    @Test(arguments: ["jobs.db", "jobs.db-wal", "jobs.db-seal"])
    func truncation(file: String) throws {
        let (files, jobs) = try filled()
        let bytes = try #require(files[file])
        var random = Seeded(1)
        let cuts = [0, 1, bytes.count - 1] + (0..<40).map { _ in Int.random(in: 0..<bytes.count, using: &random) }
        var refused = 0
        for cut in cuts {
            var damaged = files
            damaged[file] = Array(bytes.prefix(cut))
            refused += try openOrRefuse(damaged, expecting: jobs, "\(file) cut to \(cut)") ? 0 : 1
        }
        #expect(refused > 0)
        #expect(file != "jobs.db-wal" || refused == cuts.count)
    }

    @Test(arguments: ["jobs.db", "jobs.db-wal", "jobs.db-seal"])
    func turnedBits(file: String) throws {
        let (files, jobs) = try filled()
        let bytes = try #require(files[file])
        var random = Seeded(2)
        var refused = 0
        for _ in 0..<(file == "jobs.db-wal" ? 250 : 60) {
            let (place, bit) = (
                Int.random(in: 0..<bytes.count, using: &random), UInt8.random(in: 0..<8, using: &random)
            )
            var damaged = files
            damaged[file]![place] ^= 1 << bit
            refused += try openOrRefuse(damaged, expecting: jobs, "bit \(bit) of byte \(place) of \(file)") ? 0 : 1
        }
        // All pages are still in the log, and the seal has two slots.
        #expect(refused > 0 || file != "jobs.db-wal")
    }

    /// The same when everything is in the database and nothing in the log.
    @Test func turnedBitsInAJournalThatWasClosed() throws {
        let jobs = try filled().jobs
        do {
            let journal = try folder.open()
            #expect(try numbers(journal).count == jobs.count)
        }
        let files = folder.files
        let bytes = try #require(files["jobs.db"])
        var random = Seeded(3)
        var refused = 0
        for _ in 0..<250 {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            var damaged = files
            damaged["jobs.db"]![place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            refused += try openOrRefuse(damaged, expecting: jobs, "byte \(place)") ? 0 : 1
        }
        #expect(refused > 50)
    }

    /// True when it opened; then nothing is missing.
    private func openOrRefuse(
        _ files: [String: [UInt8]], expecting jobs: [ProtoDurableJob], _ what: String
    ) throws -> Bool {
        folder.files = files
        do throws(JournalError) {
            let journal = try folder.open()
            #expect(try! numbers(journal) == jobs.map(\.customID), "\(what)")
            return true
        } catch {
            #expect(error.code == .damaged || error.code == .foreign, "\(what): \(error)")
            #expect(error.message.contains(folder.path), "\(what): \(error)")
            let isAsItWas = folder.filesWithContent == files.filter { !$0.value.isEmpty }
            #expect(isAsItWas, "\(what): the damaged files were changed")
            return false
        }
    }

    @Test func aMissingSealOrDatabaseIsReported() throws {
        let files = try filled().files
        for name in ["jobs.db-seal", "jobs.db"] {
            var damaged = files
            damaged[name] = nil
            folder.files = damaged
            #expect(throws: JournalError.self, "\(name)") { _ = try folder.open() }
        }
    }

    @Test func anotherDatabaseIsRefused() throws {
        try Data("this is no database at all, and long enough to be read as one".utf8)
            .write(to: URL(fileURLWithPath: folder.path))
        do throws(JournalError) {
            _ = try folder.open()
            Issue.record("opened")
        } catch {
            #expect(error.code == .foreign || error.code == .damaged)
        }
    }

    @Test func whatCanBeReadOfADamagedJournalIsExported() throws {
        let (files, jobs) = try filled()
        folder.files = files
        let wholeExport = try JournalExport(path: folder.path)
        #expect(
            try (1...wholeExport.last).compactMap { try wholeExport.entry($0)?.job.customID } == jobs.map(\.customID))
        #expect(try wholeExport.entry(12)?.image == [UInt8](repeating: 11, count: 900))
        #expect(try wholeExport.entry(1)?.image == nil)
    }

    @Test func oneDamagedRecordCostsNoOther() throws {
        var journal: Journal? = try folder.open()
        for index in 0..<3 { try journal?.submit(question("findable-\(index)")) }
        journal = nil
        var files = folder.files
        let bytes = try #require(files["jobs.db"])
        let needle = Array("findable-1".utf8)
        let place = try #require((0..<bytes.count - 10).first { Array(bytes[$0..<$0 + 10]) == needle })
        files["jobs.db"]![place] ^= 1
        folder.files = files
        let report = try JournalReport(path: folder.path)
        #expect(report.faults.contains { $0.contains("job 2") } && report.jobs == ["QUEUED": 2])
        let export = try JournalExport(path: folder.path)
        #expect(try export.entry(1)?.job.customID == "findable-0")
        #expect(throws: JournalError.self) { _ = try export.entry(2) }
        #expect(try export.entry(3)?.job.customID == "findable-2")
    }

    @Test func aFullJournalRefusesJobsButNotResultsAndRecovers() throws {
        folder.configuration.maxBytes = 1 << 20
        folder.configuration.keptSeconds = 0
        let journal = try folder.open()
        let image = [UInt8](repeating: 9, count: 50_000)
        var taken = 0
        var refusal: JournalError?
        while refusal == nil, taken < 100 {
            do {
                try journal.submit(question("\(taken)", image: image))
                taken += 1
            } catch {
                refusal = error as? JournalError
            }
        }
        #expect(refusal?.code == .full && taken > 10 && taken < 21)
        let claimed = try journal.claim()
        #expect(claimed.count == taken)
        for job in claimed { #expect(try journal.end(job.number, .succeeded(answer("done")), at: 1) != nil) }
        _ = try journal.transaction { session throws(JournalError) in try session.clean(at: 2) }
        try journal.submit(question("again", image: image))
    }

    @Test func aDiskBelowItsReserveTakesNoJob() throws {
        folder.configuration.reservedDiskBytes = 1 << 60
        let journal = try folder.open()
        do {
            try journal.submit(question("a"))
            Issue.record("taken")
        } catch let error as JournalError {
            #expect(error.code == .full)
        }
        #expect(try journal.list().jobs.isEmpty)
    }
}

/// SplitMix64: the same places every time.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
