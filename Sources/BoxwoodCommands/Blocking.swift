// SPDX-License-Identifier: MIT
import Foundation

/// Work that blocks its thread, kept off the threads of Swift's own pool.
package enum Blocking {
    package static func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }
}
