// SPDX-License-Identifier: MIT

/// What a call takes of the budgets.
struct Load: Sendable, Hashable {
    var bytes = 0
    var pixels = 0

    static func + (a: Load, b: Load) -> Load { Load(bytes: a.bytes + b.bytes, pixels: a.pixels + b.pixels) }
    static func - (a: Load, b: Load) -> Load { Load(bytes: a.bytes - b.bytes, pixels: a.pixels - b.pixels) }
    static func += (a: inout Load, b: Load) { a = a + b }

    func fits(_ limit: Load) -> Bool { bytes <= limit.bytes && pixels <= limit.pixels }
}

/// What open calls take, in total and by account.
struct LoadBook: Sendable {
    private(set) var total = Load()
    private var accounts: [ClientID: Load] = [:]

    subscript(account: ClientID) -> Load { accounts[account] ?? Load() }

    mutating func add(_ load: Load, of account: ClientID) {
        total += load
        accounts[account, default: Load()] += load
    }

    /// An account that has nothing is forgotten.
    mutating func remove(_ load: Load, of account: ClientID) {
        total = total - load
        let rest = self[account] - load
        accounts[account] = rest == Load() ? nil : rest
    }
}
