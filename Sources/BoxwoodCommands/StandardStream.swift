// SPDX-License-Identifier: MIT
import Glibc

/// The standard output or error stream, written to without a buffer.
package enum StandardStream: Int32, Sendable {
    case output = 1
    case error = 2

    /// Whether a person watches it.
    package var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Columns, when it is a terminal that says so.
    package var width: Int? { size.flatMap { $0.ws_col > 0 ? Int($0.ws_col) : nil } }

    /// Lines, when it is a terminal that says so.
    package var height: Int? { size.flatMap { $0.ws_row > 0 ? Int($0.ws_row) : nil } }

    private var size: winsize? {
        var size = winsize()
        return isTerminal && ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0 ? size : nil
    }

    /// Writes all of it in one go.
    ///
    /// A reader that has gone away (`boxwood ... | head -1`) is its own choice: the program ends quietly. Any other
    /// failure on the output ends it with `inputOutput` and says why; a log that cannot be written is lost.
    package func write(_ text: String) {
        guard let failure = failureOfWriting(text), self == .output else { return }
        guard failure != EPIPE else { exit(ProgramExit.ok.rawValue) }
        StandardStream.error.write("boxwood: cannot write the standard output: \(String(cString: strerror(failure)))\n")
        exit(ProgramExit.inputOutput.rawValue)
    }

    /// Writes as much as somebody reads: for a service, which does not end with its reader.
    package func offer(_ lines: [String]) {
        _ = failureOfWriting(lines.map { $0 + "\n" }.joined())
    }

    /// The error number; `nil` when all is written.
    private func failureOfWriting(_ text: String) -> Int32? {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(rawValue, $0.baseAddress, $0.count) }
            if count >= 0 {
                bytes = bytes.dropFirst(count)
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }

    package func print(_ lines: [String]) {
        write(lines.map { $0 + "\n" }.joined())
    }

    /// A broken pipe, and a file that has grown as far as it may, are seen where something is written, not as deadly signals.
    package static func ignoreDeadlyWrites() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }
}
