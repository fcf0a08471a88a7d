// SPDX-License-Identifier: MIT

import Broker
import Testing
import Wire

struct EventStreamTests {
    private func event(_ sequence: UInt32, bytes: Int = 1) -> EventStream.Event {
        EventStream.Event(sequence: sequence, body: [UInt8](repeating: 0, count: bytes))
    }

    @Test func theWindowHoldsBackAndAGrantLetsGo() {
        var stream = EventStream(window: 2)
        #expect((0..<4).flatMap { stream.take(event($0)) }.map(\.sequence) == [0, 1])
        #expect(stream.leftOut == 2)
        #expect(stream.grant(1).map(\.sequence) == [2])
        #expect(stream.grant(5).map(\.sequence) == [3])
        #expect(stream.take(event(4)).map(\.sequence) == [4])
        #expect(stream.leftOut == 0)
    }

    @Test func anotherAttemptTellsOnlyWhatIsNew() {
        var stream = EventStream(window: 10)
        #expect((0..<3).flatMap { stream.take(event($0)) }.count == 3)
        #expect((0..<5).flatMap { stream.take(event($0)) }.map(\.sequence) == [3, 4])
        #expect(stream.leftOut == 0)
    }

    @Test("Room for so many, and not for one more; from then on nothing comes")
    func bounds() {
        var stream = EventStream(window: 0)
        for sequence in 0..<UInt32(WireLimits.waitingEvents) { #expect(stream.take(event(sequence)).isEmpty) }
        #expect(stream.leftOut == UInt32(WireLimits.waitingEvents))
        #expect(stream.take(event(UInt32(WireLimits.waitingEvents))).isEmpty)
        #expect(stream.grant(1024).count == WireLimits.waitingEvents)
        #expect(stream.take(event(UInt32(WireLimits.waitingEvents) + 1)).isEmpty)
        #expect(stream.leftOut == 2)
    }

    @Test(arguments: [(0, 0), (1, 1)] as [(Int, UInt32)])
    func bytes(_ surplus: Int, _ dropped: UInt32) {
        let size = WireLimits.waitingEventBytes + surplus
        var stream = EventStream(window: 0)
        #expect(stream.take(event(0, bytes: size)).isEmpty)
        #expect(stream.grant(1).count == 1 - Int(dropped) && stream.leftOut == dropped)
    }

    @Test func whoeverMissedTheBeginningHearsNothing() {
        var stream = EventStream(window: 10)
        #expect(stream.take(event(3)).isEmpty && stream.take(event(4)).isEmpty)
        #expect(stream.leftOut == 2)
    }

    @Test func grantsNeverAddUpToMoreThanTheLimit() {
        var stream = EventStream(window: WireLimits.eventWindow)
        _ = stream.grant(.max)
        _ = stream.grant(.max)
        let sent = (0..<UInt32(WireLimits.eventWindow) + 1).flatMap { stream.take(event($0)) }
        #expect(sent.count == Int(WireLimits.eventWindow) && stream.leftOut == 1)
    }

    @Test func aCutEndsIt() {
        var stream = EventStream(window: 10)
        stream.cut(stream.take(event(0)))
        #expect(stream.take(event(1)).isEmpty && stream.leftOut == 2)
    }
}
