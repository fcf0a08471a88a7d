// SPDX-License-Identifier: MIT
import Foundation
public import ObservabilityHTTP
import Synchronization

/// The bearer tokens of a file, by the names of those who have them.
package struct TokenList: Sendable {
    private let tokens: [(name: String, token: BearerToken)]

    /// - Parameter text: a line for each: a name, a blank, the token. Empty lines and those that begin with `#` are none.
    /// - Throws: the number of the line that is none.
    package init(_ text: String) throws(MonitorError) {
        var tokens: [(String, BearerToken)] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let words = line.split { $0 == " " || $0 == "\t" }
            if words.isEmpty || words[0].hasPrefix("#") { continue }
            guard words.count == 2, let token = BearerToken(String(words[1])) else {
                throw MonitorError(
                    .token,
                    "line \(index + 1) of the tokens is not a name and a token of \(BearerToken.leastBytes) to "
                        + "\(BearerToken.mostBytes) printable ASCII characters")
            }
            tokens.append((String(words[0]), token))
        }
        guard (1...GatewayLimits.tokens).contains(tokens.count) else {
            throw MonitorError(.token, "there are \(tokens.count) tokens; 1 to \(GatewayLimits.tokens) can be")
        }
        self.tokens = tokens
    }

    /// Whose token the `Authorization` header shows. Looks at all of them, whichever it is.
    package func name(shownIn header: String?) -> String? {
        tokens.reduce(nil) { found, entry in entry.token.isShown(in: header) ? entry.name : found }
    }
}

/// A file of tokens, read anew when it has changed. One that cannot be read any more lets in whom it let in before.
public final class TokenFile: Sendable {
    private struct State {
        var list: TokenList
        var stamp: Stamp
    }

    private struct Stamp: Equatable {
        let modified: timespec
        let inode: UInt64
        let size: Int

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            (modified, inode, size) = (status.st_mtim, UInt64(status.st_ino), Int(status.st_size))
        }

        static func == (left: Stamp, right: Stamp) -> Bool {
            left.modified.tv_sec == right.modified.tv_sec && left.modified.tv_nsec == right.modified.tv_nsec
                && left.inode == right.inode && left.size == right.size
        }
    }

    private let path: String
    private let state: Mutex<State>

    /// - Throws: `token` for a file that cannot be read, that everybody may read, or that has a line which is no token.
    public init(_ path: String) throws(MonitorError) {
        self.path = path
        guard let stamp = Stamp(path) else { throw MonitorError(.token, "\(path) cannot be read") }
        state = Mutex(State(list: try Self.read(path), stamp: stamp))
    }

    /// As the file is now.
    package var list: TokenList {
        state.withLock { state in
            guard let stamp = Stamp(path), stamp != state.stamp else { return state.list }
            state.stamp = stamp
            if let list = try? Self.read(path) { state.list = list }
            return state.list
        }
    }

    private static func read(_ path: String) throws(MonitorError) -> TokenList {
        var status = stat()
        guard stat(path, &status) == 0, let data = FileManager.default.contents(atPath: path) else {
            throw MonitorError(.token, "\(path) cannot be read")
        }
        guard status.st_mode & 0o007 == 0 else {
            throw MonitorError(.token, "\(path) can be read by everybody on this machine; chmod 600 \(path)")
        }
        do throws(MonitorError) {
            return try TokenList(String(decoding: data, as: UTF8.self))
        } catch {
            throw MonitorError(.token, "\(path): \(error.message)")
        }
    }
}
