// SPDX-License-Identifier: MIT

/// What each account has had of the workers' time; whoever had least is next.
///
/// Start-time fair queueing: an account's count goes on from where it stood, or from the present if that is further, so that
/// nobody saves up time that he did not ask for, and nobody pays later for workers that nobody else wanted.
/// (Goyal, Vin, Cheng: Start-time Fair Queuing, 1996.) What a call takes is estimated when it is handed over and put
/// right when it has ended.
struct FairShares: Sendable {
    private struct Share {
        var served: Duration
        /// When it had its last turn: of equals, the one that waits longest.
        var turn: UInt64
    }

    private var shares: [ClientID: Share] = [:]
    /// The count of the account that was served last, before it was.
    private var present: Duration = .zero
    private var turns: UInt64 = 0
    /// Accounts that are remembered although nothing of theirs waits.
    private let limit: Int

    init(limit: Int = 4096) {
        self.limit = limit
    }

    /// The account begins to wait.
    mutating func enter(_ account: ClientID) {
        turns += 1
        if let share = shares[account] {
            shares[account]!.served = max(share.served, present)
        } else {
            shares[account] = Share(served: present, turn: turns)
        }
    }

    /// Of accounts that have entered, the one whose turn it is.
    func next(of accounts: some Sequence<ClientID>) -> ClientID? {
        var best: (account: ClientID, share: Share)?
        for account in accounts {
            let share = shares[account]!
            guard let (_, other) = best else {
                best = (account, share)
                continue
            }
            if share.served < other.served || (share.served == other.served && share.turn < other.turn) {
                best = (account, share)
            }
        }
        return best?.account
    }

    /// The account has its turn, at an estimated price.
    mutating func charge(_ account: ClientID, _ price: Duration) {
        turns += 1
        present = max(present, shares[account]?.served ?? present)
        shares[account, default: Share(served: present, turn: turns)].served += price
        shares[account]!.turn = turns
    }

    /// It took so much more than was charged, or less.
    mutating func correct(_ account: ClientID, by difference: Duration) {
        shares[account]?.served += difference
    }

    /// Where there are too many, forgets accounts that have nothing waiting: those that have no more than the present, and if
    /// that is not enough, the others.
    mutating func prune(isWaiting: (ClientID) -> Bool) {
        guard shares.count > limit else { return }
        shares = shares.filter { isWaiting($0.key) || $0.value.served > present }
        guard shares.count > 2 * limit else { return }
        shares = shares.filter { isWaiting($0.key) }
    }
}
