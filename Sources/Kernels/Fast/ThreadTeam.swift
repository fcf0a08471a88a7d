// SPDX-License-Identifier: MIT

internal import CKernels

/// The process's threads for arithmetic: one piece of work at a time, split into as many parts as there are threads.
enum ThreadTeam {
    static var threads: Int { Int(bw_team_threads()) }

    /// - Precondition: 1...64; not while work runs.
    static func resize(_ threads: Int) {
        bw_team_resize(Int32(threads))
    }

    /// Runs `body` once for each part of `0..<count`, on all threads; returns when all are done.
    ///
    /// Which thread takes which part never changes a result: parts write to places of their own.
    /// - Parameter grain: with fewer than twice as many, the caller does all of it.
    static func split(_ count: Int, atLeast grain: Int = 1, _ body: (Range<Int>) -> Void) {
        guard count >= 2 * max(1, grain), threads > 1 else {
            if count > 0 { body(0..<count) }
            return
        }
        let split: (Int, Int) -> Void = { part, parts in
            let range = count * part / parts..<count * (part + 1) / parts
            if !range.isEmpty { body(range) }
        }
        withoutActuallyEscaping(split) { split in
            var work = Work(run: split)
            withUnsafeMutablePointer(to: &work) { work in
                bw_team_run(
                    { context, part, parts in
                        context!.assumingMemoryBound(to: Work.self).pointee.run(Int(part), Int(parts))
                    }, work)
            }
        }
    }

    private struct Work {
        let run: (Int, Int) -> Void
    }
}
