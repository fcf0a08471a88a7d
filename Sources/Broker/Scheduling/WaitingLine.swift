// SPDX-License-Identifier: MIT

/// The work that waits for a worker: by account, the interactive before the batch, each in the order it came.
struct WaitingLine: Sendable {
    private struct Lane: Sendable {
        var interactive = WaitingQueue()
        var batch = WaitingQueue()

        var count: Int { interactive.count + batch.count }
        var work: Duration { interactive.work + batch.work }

        subscript(priority: CallPriority) -> WaitingQueue {
            get { priority == .interactive ? interactive : batch }
            _modify {
                switch priority {
                case .interactive: yield &interactive
                case .batch: yield &batch
                }
            }
        }
    }

    private var lanes = OrderedTable<ClientID, Lane>()
    private(set) var suspects = WaitingQueue()
    private(set) var count = 0
    /// What all of it is expected to take of the workers' time.
    private(set) var work: Duration = .zero
    private var interactiveCount = 0
    private var shares = FairShares()
    private let batchAge: Duration

    init(batchAge: Duration) {
        self.batchAge = batchAge
    }

    /// Accounts with something that need not be alone.
    var accounts: [ClientID] { lanes.keys }

    /// Whether any of these is interactive.
    var hasInteractive: Bool { interactiveCount > 0 }

    func waiting(of account: ClientID) -> Int { lanes[account]?.count ?? 0 }

    /// Those that need not be alone.
    var ordinaryCount: Int { count - suspects.count }

    /// The work of an account that goes before a newcomer of that priority.
    func work(before priority: CallPriority, in account: ClientID) -> Duration {
        guard let lane = lanes[account] else { return .zero }
        return priority == .interactive ? lane.interactive.work : lane.work
    }

    /// Everything, suspects too, in the order it came.
    var all: [WaitingPlace] {
        (lanes.flatMap { $0.value.interactive.places + $0.value.batch.places } + suspects.places)
            .sorted { $0.id < $1.id }
    }

    var oldestArrival: Duration? {
        let heads = lanes.flatMap { [$0.value.interactive.first, $0.value.batch.first] } + [suspects.first]
        return heads.compactMap { $0?.arrival }.min()
    }

    // MARK: - Coming and going

    mutating func insert(_ place: WaitingPlace) {
        count += 1
        work += place.price
        if place.isSuspect { return suspects.insert(place) }
        if place.priority == .interactive { interactiveCount += 1 }
        if lanes[place.account] == nil {
            shares.enter(place.account)
            lanes[place.account] = Lane()
        }
        lanes[place.account]![place.priority].insert(place)
    }

    mutating func remove(_ place: WaitingPlace) {
        count -= 1
        work -= place.price
        if place.isSuspect { return suspects.remove(place.id) }
        if place.priority == .interactive { interactiveCount -= 1 }
        lanes[place.account]![place.priority].remove(place.id)
        guard lanes[place.account]!.count == 0 else { return }
        lanes.removeValue(forKey: place.account)
        shares.prune { [lanes] in lanes[$0] != nil }
    }

    // MARK: - Whose turn it is

    /// What goes next; suspects are asked for by themselves.
    func next(at now: Duration) -> WaitingPlace? {
        let urgent = lanes.lazy.filter { isUrgent($0.value, at: now) }.map(\.key)
        guard let account = shares.next(of: urgent) ?? shares.next(of: lanes.lazy.map(\.key)),
            let lane = lanes[account]
        else {
            return nil
        }
        guard let first = lane.interactive.first else { return lane.batch.first }
        guard let batch = lane.batch.first, hasAged(batch, at: now), batch.id < first.id else { return first }
        return batch
    }

    private func isUrgent(_ lane: Lane, at now: Duration) -> Bool {
        !lane.interactive.isEmpty || lane.batch.first.map { hasAged($0, at: now) } ?? false
    }

    private func hasAged(_ place: WaitingPlace, at now: Duration) -> Bool { place.arrival + batchAge <= now }

    mutating func charge(_ account: ClientID, _ price: Duration) { shares.charge(account, price) }
    mutating func correct(_ account: ClientID, by difference: Duration) { shares.correct(account, by: difference) }

    // MARK: - Who gives way

    /// An account's places in the order in which they give way: batch before interactive, the newest first.
    func newest(of account: ClientID, after skipped: Int) -> WaitingPlace? {
        guard let lane = lanes[account] else { return nil }
        if skipped < lane.batch.count { return lane.batch.places[lane.batch.count - 1 - skipped] }
        let index = lane.interactive.count - 1 - (skipped - lane.batch.count)
        return index >= 0 ? lane.interactive.places[index] : nil
    }
}
