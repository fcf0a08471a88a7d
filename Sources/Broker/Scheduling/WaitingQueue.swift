// SPDX-License-Identifier: MIT

/// Where a piece of work waits.
struct WaitingPlace: Sendable, Hashable {
    let id: CallID
    let account: ClientID
    let priority: CallPriority
    let arrival: Duration
    /// What it is expected to take of a worker's time.
    let price: Duration
    /// May be what a worker was lost over: it waits apart, for a worker that has nothing else.
    var isSuspect = false
}

/// Places in the order their work came, and what all of it is expected to take.
struct WaitingQueue: Sendable {
    /// The oldest first.
    private(set) var places: [WaitingPlace] = []
    private(set) var work: Duration = .zero

    var first: WaitingPlace? { places.first }
    var count: Int { places.count }
    var isEmpty: Bool { places.isEmpty }

    /// By its number: what comes back from a lost worker stands where it stood.
    mutating func insert(_ place: WaitingPlace) {
        let index = places.lastIndex { $0.id < place.id }.map { $0 + 1 } ?? 0
        places.insert(place, at: index)
        work += place.price
    }

    mutating func remove(_ id: CallID) {
        guard let index = places.firstIndex(where: { $0.id == id }) else { preconditionFailure("\(id) does not wait") }
        work -= places.remove(at: index).price
    }
}
