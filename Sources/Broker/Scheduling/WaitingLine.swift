// SPDX-License-Identifier: MIT

/// The work that waits for a worker: by account, the interactive before the batch, each in the order it came.
struct WaitingLine: Sendable {
    struct Place: Sendable, Hashable {
        let id: CallID
        let account: ClientID
        let priority: CallPriority
        let arrival: Duration
        /// What it is expected to take of a worker's time.
        let price: Duration
        /// May be what a worker was lost over: it waits apart, for a worker that has nothing else.
        var isSuspect = false
    }

    private struct Lane: Sendable {
        /// Oldest first.
        var interactive: [Place] = []
        var batch: [Place] = []
        /// What they are expected to take.
        var interactiveWork: Duration = .zero
        var batchWork: Duration = .zero

        var count: Int { interactive.count + batch.count }

        mutating func insert(_ place: Place) {
            switch place.priority {
            case .interactive:
                WaitingLine.insert(place, into: &interactive)
                interactiveWork += place.price
            case .batch:
                WaitingLine.insert(place, into: &batch)
                batchWork += place.price
            }
        }

        mutating func remove(_ place: Place) -> Bool {
            switch place.priority {
            case .interactive:
                guard let price = WaitingLine.remove(place, from: &interactive) else { return false }
                interactiveWork -= price
            case .batch:
                guard let price = WaitingLine.remove(place, from: &batch) else { return false }
                batchWork -= price
            }
            return true
        }
    }

    private var lanes = OrderedTable<ClientID, Lane>()
    private(set) var suspects: [Place] = []
    private(set) var count = 0
    private var shares = FairShares()
    private let batchAge: Duration

    init(batchAge: Duration) {
        self.batchAge = batchAge
    }

    /// Accounts with something that need not be alone.
    var accounts: [ClientID] { lanes.keys }

    var hasInteractive: Bool { lanes.contains { !$0.value.interactive.isEmpty } }

    func waiting(of account: ClientID) -> Int { lanes[account]?.count ?? 0 }

    /// Those that need not be alone.
    var ordinaryCount: Int { count - suspects.count }

    /// What all of it is expected to take of the workers' time.
    var work: Duration {
        lanes.reduce(suspects.reduce(.zero) { $0 + $1.price }) { $0 + $1.value.interactiveWork + $1.value.batchWork }
    }

    /// The work of an account that goes before a newcomer of that priority.
    func work(before priority: CallPriority, in account: ClientID) -> Duration {
        guard let lane = lanes[account] else { return .zero }
        return lane.interactiveWork + (priority == .interactive ? .zero : lane.batchWork)
    }

    /// Everything, suspects too, in the order it came.
    var all: [Place] {
        (lanes.flatMap { $0.value.interactive + $0.value.batch } + suspects).sorted { $0.id < $1.id }
    }

    var oldestArrival: Duration? {
        let heads = lanes.flatMap { [$0.value.interactive.first, $0.value.batch.first] } + [suspects.first]
        return heads.compactMap { $0?.arrival }.min()
    }

    // MARK: - Coming and going

    /// Takes its place by its number: what comes back from a lost worker stands where it stood.
    mutating func insert(_ place: Place) {
        count += 1
        if place.isSuspect {
            Self.insert(place, into: &suspects)
            return
        }
        if lanes[place.account] == nil {
            shares.enter(place.account)
            lanes[place.account] = Lane()
        }
        lanes[place.account]!.insert(place)
    }

    @discardableResult
    mutating func remove(_ place: Place) -> Bool {
        if place.isSuspect {
            guard Self.remove(place, from: &suspects) != nil else { return false }
        } else {
            guard lanes[place.account]?.remove(place) == true else { return false }
        }
        count -= 1
        if lanes[place.account]?.count == 0 {
            lanes.removeValue(forKey: place.account)
            shares.leave(place.account) { [lanes] in lanes[$0] != nil }
        }
        return true
    }

    private static func insert(_ place: Place, into places: inout [Place]) {
        let index = places.lastIndex { $0.id < place.id }.map { $0 + 1 } ?? 0
        places.insert(place, at: index)
    }

    /// - Returns: its price, if it was there.
    private static func remove(_ place: Place, from places: inout [Place]) -> Duration? {
        guard let index = places.firstIndex(where: { $0.id == place.id }) else { return nil }
        return places.remove(at: index).price
    }

    // MARK: - Whose turn it is

    /// What goes next; suspects are asked for by themselves.
    func next(at now: Duration) -> Place? {
        let urgent = lanes.lazy.filter { isUrgent($0.value, at: now) }.map(\.key)
        guard let account = shares.next(of: urgent) ?? shares.next(of: lanes.keys), let lane = lanes[account] else {
            return nil
        }
        guard let first = lane.interactive.first else { return lane.batch.first }
        guard let batch = lane.batch.first, hasAged(batch, at: now), batch.id < first.id else { return first }
        return batch
    }

    private func isUrgent(_ lane: Lane, at now: Duration) -> Bool {
        !lane.interactive.isEmpty || lane.batch.first.map { hasAged($0, at: now) } ?? false
    }

    private func hasAged(_ place: Place, at now: Duration) -> Bool { place.arrival + batchAge <= now }

    mutating func charge(_ account: ClientID, _ price: Duration) { shares.charge(account, price) }
    mutating func correct(_ account: ClientID, by difference: Duration) { shares.correct(account, by: difference) }

    // MARK: - Who gives way

    /// An account's places in the order in which they give way: batch before interactive, the newest first.
    func newest(of account: ClientID, after skipped: Int) -> Place? {
        guard let lane = lanes[account] else { return nil }
        if skipped < lane.batch.count { return lane.batch[lane.batch.count - 1 - skipped] }
        let index = lane.interactive.count - 1 - (skipped - lane.batch.count)
        return index >= 0 ? lane.interactive[index] : nil
    }
}
