// SPDX-License-Identifier: MIT
package import Glibc

/// A process of our own program, started by `posix_spawn`.
///
/// `posix_spawn` and not Foundation's `Process`, because three things must be certain: the child leads a process group
/// of its own, so that Ctrl-C at the terminal reaches the supervisor alone, which then drains in order; it begins with
/// the signals' default actions, which the supervisor has switched off for itself; and its standard input is a pipe
/// whose other end nobody but the parent holds. When the parent dies, however it dies, that pipe ends, and the
/// child with it (``Lifeline``). PR_SET_PDEATHSIG would watch over the thread that spawned, which may end sooner.
package struct ChildProcess: Sendable {
    package let pid: pid_t
    /// What the child prints; the reader closes it.
    package let output: Int32
    /// Open for as long as the child is meant to live.
    private let lifeline: Int32

    package struct SpawnError: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Parameter arguments: without the program's own name.
    package init(program: String, arguments: [String]) throws(SpawnError) {
        let input = try Pipe()
        let output = try Pipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The copies lose close-on-exec; the ends themselves keep it, and so reach no other child.
        posix_spawn_file_actions_adddup2(&actions, input.readEnd, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output.writeEnd, STDOUT_FILENO)
        var attributes = Self.attributes()
        defer { posix_spawnattr_destroy(&attributes) }
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, program, &actions, &attributes, &words, environ)
        close(input.readEnd)
        close(output.writeEnd)
        guard failure == 0 else {
            close(input.writeEnd)
            close(output.readEnd)
            throw SpawnError(description: "cannot start \(program): \(String(cString: strerror(failure)))")
        }
        self.pid = pid
        self.output = output.readEnd
        lifeline = input.writeEnd
    }

    private static func attributes() -> posix_spawnattr_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGPIPE] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))
        return attributes
    }

    /// - Precondition: ``waitForEnd()`` has not returned; a process id is used again after that.
    package func send(_ signal: Int32) {
        kill(pid, signal)
    }

    /// Blocks until the process has ended. To be called once.
    package func waitForEnd() -> Supervisor.End {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        close(lifeline)
        // The macros of wait(2), which Swift does not see: the low seven bits are the signal, the next byte the code.
        let signal = status & 0x7F
        return signal == 0 ? .exit(status >> 8 & 0xFF) : .signal(signal)
    }
}

/// Both ends of a pipe, closed in every other program that is started.
private struct Pipe {
    let readEnd: Int32
    let writeEnd: Int32

    init() throws(ChildProcess.SpawnError) {
        var ends: [Int32] = [0, 0]
        // pipe2(2) would do it at once, but Swift does not see it. Only the supervisor's thread starts programs, so none
        // slips in between.
        guard pipe(&ends) == 0, ends.allSatisfy({ fcntl($0, F_SETFD, FD_CLOEXEC) == 0 }) else {
            throw ChildProcess.SpawnError(description: "cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }
}
