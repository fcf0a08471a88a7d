// SPDX-License-Identifier: MIT

import Broker

extension Scheduler {
    /// A call of which nothing matters but its client, its size and its time.
    mutating func callArrived(
        _ id: CallID, client: ClientID, bytes: Int, deadline: Duration, at now: Duration
    ) -> [SchedulerAction] {
        callArrived(id, CallTerms(client: client, bytes: bytes, deadline: deadline), at: now)
    }
}
