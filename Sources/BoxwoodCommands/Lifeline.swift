// SPDX-License-Identifier: MIT
import Foundation
import Glibc

/// Ends this process when the one that started it is gone.
///
/// The supervisor holds the other end of our standard input and never writes to it; it closes by itself with the
/// supervisor's last breath, be that SIGKILL.
package enum Lifeline {
    /// Watches the standard input from a thread of its own.
    package static func hold() {
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while true {
                let count = read(STDIN_FILENO, &byte, 1)
                if count == 0 || (count < 0 && errno != EINTR) { _exit(ProgramExit.unavailable.rawValue) }
            }
        }
    }
}
