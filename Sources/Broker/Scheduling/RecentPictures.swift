// SPDX-License-Identifier: MIT

/// The pictures that a worker was given last, and so is likely to have encoded still.
struct RecentPictures: Sendable {
    /// The latest last.
    private var keys: [PictureKey] = []
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    func contains(_ key: PictureKey) -> Bool { keys.contains(key) }

    mutating func add(_ key: PictureKey) {
        keys.removeAll { $0 == key }
        keys.append(key)
        if keys.count > limit { keys.removeFirst() }
    }
}
