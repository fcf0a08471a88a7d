// SPDX-License-Identifier: MIT

/// The worker processes that an operator drained: a process stays drained through lost connections, and a new process
/// begins anew.
package struct DrainedInstances: Sendable {
    /// Those of processes that died without a word are forgotten, the oldest first, when there are more.
    package static let limit = 4096

    private var instances: [String] = []

    package init() {}

    package func contains(_ instance: String) -> Bool { instances.contains(instance) }

    package mutating func insert(_ instance: String) {
        guard !contains(instance) else { return }
        instances.append(instance)
        if instances.count > Self.limit { instances.removeFirst() }
    }

    package mutating func remove(_ instance: String) {
        instances.removeAll { $0 == instance }
    }
}
