// SPDX-License-Identifier: MIT

import Broker
import Messaging
import Testing

@Suite("The table of connections")
struct ConnectionTableTests {
    private static let limits = ConnectionTable.Limits(connections: 3, connectionsOfKey: 2, heldBytes: 1_000_000)
    private var table = ConnectionTable(limits)

    private func id(_ descriptor: Int32, _ side: BrokerSide = .front) -> ConnectionTable.ID {
        ConnectionTable.ID(side, descriptor)
    }

    /// Connections 1...count, none of which has said anything.
    private mutating func fill(_ count: Int32) -> [ConnectionTable.Cut?] {
        (1...count).map { table.accepted(id($0), number: UInt64($0) + 100, at: .zero) }
    }

    private mutating func say(_ descriptor: Int32, bytes: Int = 10, key: CurvePublicKey? = nil) -> ConnectionTable.Cut?
    {
        table.delivered(id(descriptor), bytes: bytes, key: key, isLetIn: true, at: .zero)
    }

    @Test("One too many costs the oldest that has said nothing")
    mutating func crowd() {
        #expect(fill(3) == [nil, nil, nil])
        #expect(say(1) == nil)
        let cut = table.accepted(id(4), number: 104, at: .zero)
        #expect(cut?.id == id(2) && cut?.number == 102 && cut?.reason == .crowded)
        table.closed(id(2))
        #expect(table.count == 3 && table.cuts == [.crowded: 1] && table.acceptedCount == 4)
    }

    @Test("Where all have spoken, the newcomer goes")
    mutating func full() {
        _ = fill(3)
        for descriptor: Int32 in 1...3 { #expect(say(descriptor) == nil) }
        #expect(table.accepted(id(4), number: 104, at: .zero)?.id == id(4))
    }

    @Test("A message that was not let in does not prove anything")
    mutating func strangers() {
        _ = fill(3)
        _ = table.delivered(id(1), bytes: 1, key: nil, isLetIn: false, at: .zero)
        #expect(table.accepted(id(4), number: 104, at: .zero)?.id == id(1))
    }

    @Test("One descriptor on two addresses is two connections, until one is closed")
    mutating func sides() {
        _ = fill(1)
        _ = table.accepted(id(1, .back), number: 5, at: .zero)
        table.closed(id(1))
        #expect(table.ids == [id(1, .back)])
    }

    @Test("A key's connections beyond its share end as they speak")
    mutating func ofKey() throws {
        var table = ConnectionTable(ConnectionTable.Limits(connections: 9, connectionsOfKey: 2, heldBytes: 1))
        let key = try CurveKeyPair.generate().publicKey
        for descriptor: Int32 in 1...3 {
            #expect(table.accepted(id(descriptor), number: 1, at: .zero) == nil)
            let cut = table.delivered(id(descriptor), bytes: 1, key: key, isLetIn: true, at: .zero)
            #expect(cut?.reason == (descriptor == 3 ? .ofKey : nil))
        }
    }

    @Test("What came and was not handed over is held, and the most of too much goes")
    mutating func memory() {
        _ = fill(3)
        table.sampled(id(1), received: 400_000, at: .zero)
        table.sampled(id(2), received: 600_000, at: .zero)
        #expect(table.heldBytes(at: .zero) == 1_000_000 && table.overBudget(at: .zero).isEmpty)
        table.sampled(id(3), received: 500_000, at: .zero)
        let cuts = table.overBudget(at: .zero)
        #expect(cuts.map(\.id) == [id(2)] && cuts.first?.reason == .memory)
        #expect(table.overBudget(at: .zero).isEmpty, "it is on its way out, and not cut again")
    }

    @Test("As many go as it takes, those with the most first")
    mutating func severalOverBudget() {
        _ = fill(3)
        for (descriptor, received) in [(1, 800_000), (2, 1_500_000), (3, 1_200_000)] {
            table.sampled(id(Int32(descriptor)), received: UInt64(received), at: .zero)
        }
        #expect(table.overBudget(at: .zero).map(\.id) == [id(2), id(3)])
        #expect(table.overBudget(at: .zero).isEmpty)
    }

    @Test("What was handed over is not held, whatever its envelope took, and gives no credit for later")
    mutating func delivered() {
        _ = fill(1)
        for round in 1...100 {
            _ = say(1, bytes: 10_000)
            table.sampled(id(1), received: UInt64(round) * 10_030, at: .zero)
        }
        #expect(table.heldBytes(at: .zero) == 0)
        table.sampled(id(1), received: 1_003_000 + 900_000, at: .zero)
        #expect(table.heldBytes(at: .zero) > 890_000)
    }

    @Test("Many small messages between two looks hold nothing: their envelopes are known")
    mutating func envelopes() {
        _ = fill(1)
        for _ in 0..<5000 { _ = say(1, bytes: 10) }
        table.sampled(id(1), received: 5000 * 40, at: .zero)
        #expect(table.heldBytes(at: .zero) == 0)
    }

    @Test("A connection that only beats holds nothing; one that drips holds what it dripped")
    mutating func beats() {
        _ = fill(2)
        table.sampled(id(1), received: 40 * 86_400, at: .seconds(86_400))
        #expect(table.heldBytes(at: .seconds(86_400)) == 0)
        table.sampled(id(2), received: 1000 * 86_400, at: .seconds(86_400))
        #expect(table.overBudget(at: .seconds(86_400)).map(\.id) == [id(2)])
    }

    @Test("Connections of a key that is taken away end; others stay")
    mutating func revoked() throws {
        _ = fill(3)
        let (gone, kept) = (try CurveKeyPair.generate().publicKey, try CurveKeyPair.generate().publicKey)
        _ = say(1, key: gone)
        _ = say(2, key: kept)
        #expect(table.revoked { key, _ in key == kept }.map(\.id) == [id(1)])
    }

    @Test("Words about connections that are not there do nothing")
    mutating func unknown() {
        table.closed(id(9))
        table.sampled(id(9), received: .max, at: .zero)
        #expect(say(9) == nil && table.count == 0 && table.overBudget(at: .zero).isEmpty)
    }
}
