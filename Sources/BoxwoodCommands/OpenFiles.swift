// SPDX-License-Identifier: MIT
import Glibc

/// How many files and connections this process may have open.
package enum OpenFiles {
    /// Raises the limit to so many, where the system lets it.
    /// - Returns: how many there may be now.
    @discardableResult
    package static func allow(_ count: Int) -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 0 }
        if limit.rlim_cur < rlim_t(count) {
            limit.rlim_cur = min(rlim_t(count), limit.rlim_max)
            setrlimit(resource, &limit)
            getrlimit(resource, &limit)
        }
        return Int(clamping: limit.rlim_cur)
    }
}
