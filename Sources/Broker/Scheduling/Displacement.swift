// SPDX-License-Identifier: MIT

/// Who gives way when a newcomer does not fit: a full queue is shared out.
///
/// The newest waiting call of whoever has the most ends, and only where that account still has no less than the newcomer's
/// afterwards. So no account can shut out the others, none is displaced by its equals, and nothing goes back and
/// forth. Within one account an interactive call displaces a batch call.
struct Displacement {
    private enum Quantity { case calls, bytes, pixels }

    private let terms: SchedulerConfiguration
    private let line: WaitingLine
    private let loads: LoadBook
    private let works: [CallID: Work]
    /// Who gives way so far, and what comes free by it.
    private var displaced: [CallID] = []
    private var freed = Load()
    private var freedBy: [ClientID: (count: Int, load: Load)] = [:]

    init(_ scheduler: borrowing Scheduler) {
        terms = scheduler.configuration
        line = scheduler.line
        loads = scheduler.loads
        works = scheduler.works
    }

    /// - Returns: whose calls end so that it fits, nobody's while there is room; `nil` where no room is to be made.
    consuming func room(for newcomer: CallTerms) -> [CallID]? {
        while exceedsAccount(newcomer) {
            guard giveWay(own(newcomer)) else { return nil }
        }
        while let quantity = exceeded(newcomer) {
            guard giveWay(own(newcomer) ?? newest(ofMost: quantity, for: newcomer)) else { return nil }
        }
        return displaced
    }

    private func exceedsAccount(_ newcomer: CallTerms) -> Bool {
        waiting(of: newcomer.account) >= terms.clientCalls
            || !(load(of: newcomer.account) + newcomer.load)
                .fits(Load(bytes: terms.clientBytes, pixels: terms.clientPixels))
    }

    private func exceeded(_ newcomer: CallTerms) -> Quantity? {
        let load = loads.total - freed + newcomer.load
        if line.count - displaced.count >= terms.queueCalls { return .calls }
        if load.bytes > terms.queueBytes { return .bytes }
        return load.pixels > terms.queuePixels ? .pixels : nil
    }

    /// The newest batch call of the same account, for an interactive one.
    private func own(_ newcomer: CallTerms) -> WaitingPlace? {
        guard newcomer.priority == .interactive, let place = newest(of: newcomer.account), place.priority == .batch
        else { return nil }
        return place
    }

    private func newest(ofMost quantity: Quantity, for newcomer: CallTerms) -> WaitingPlace? {
        let floor = amount(of: quantity, newcomer.account) + share(of: newcomer, quantity)
        var most = floor
        var place: WaitingPlace?
        for account in line.accounts where amount(of: quantity, account) > most {
            guard let newest = newest(of: account) else { continue }
            most = amount(of: quantity, account)
            place = newest
        }
        return place
    }

    private func newest(of account: ClientID) -> WaitingPlace? {
        line.newest(of: account, after: freedBy[account]?.count ?? 0)
    }

    private func waiting(of account: ClientID) -> Int { line.waiting(of: account) - (freedBy[account]?.count ?? 0) }
    private func load(of account: ClientID) -> Load { loads[account] - (freedBy[account]?.load ?? Load()) }

    private func amount(of quantity: Quantity, _ account: ClientID) -> Int {
        switch quantity {
        case .calls: waiting(of: account)
        case .bytes: load(of: account).bytes
        case .pixels: load(of: account).pixels
        }
    }

    private func share(of newcomer: CallTerms, _ quantity: Quantity) -> Int {
        switch quantity {
        case .calls: 1
        case .bytes: newcomer.bytes
        case .pixels: newcomer.pixels
        }
    }

    private mutating func giveWay(_ place: WaitingPlace?) -> Bool {
        guard let place, let load = works[place.id]?.terms.load else { return false }
        displaced.append(place.id)
        freed += load
        let before = freedBy[place.account] ?? (0, Load())
        freedBy[place.account] = (before.count + 1, before.load + load)
        return true
    }
}
