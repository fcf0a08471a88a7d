// SPDX-License-Identifier: MIT
import Foundation
import Synchronization

/// What a process writes down of what it does: one JSON object a line.
///
/// Each line is one write to a file that is only appended to, so whoever is killed leaves whole lines.
final class Ledger: Sendable {
    private let descriptor: Int32
    private let turn = Mutex(())

    init(_ path: String) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    /// - Parameters:
    ///   - event: goes under `e`; the time, in seconds of the clock that all processes of a machine share, under `t`.
    ///   - fields: texts, numbers and truth values.
    func note(_ event: String, _ fields: [String: any Sendable] = [:]) {
        let line = fields.merging(["e": event, "t": Self.now]) { $1 }
        guard var bytes = try? JSONSerialization.data(withJSONObject: line, options: .sortedKeys) else {
            preconditionFailure("a ledger takes texts, numbers and truth values; \(line)")
        }
        bytes.append(UInt8(ascii: "\n"))
        turn.withLock { _ in
            _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        }
    }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
