// SPDX-License-Identifier: MIT

import Broker
import Testing

@Suite("Connections of clients")
struct ClientConnectionsTests {
    private let anna = ClientID([1])
    private let bert = ClientID([2])

    @Test("the second look that misses a connection says that its client is gone, and no look after it")
    func gone() {
        var connections = ClientConnections()
        connections.heard(anna, on: 5) { _ in 50 }
        connections.heard(bert, on: 6) { _ in 60 }
        let bertAlone: ClientConnections.Numbers = { $0 == 6 ? 60 : nil }
        #expect(connections.look { UInt64($0) * 10 }.isEmpty)
        #expect(connections.look(bertAlone).isEmpty)
        #expect(connections.look(bertAlone) == [anna])
        #expect(connections.look(bertAlone).isEmpty)
        #expect(connections.count == 1)
    }

    @Test("a descriptor that is another connection's now is no sign of life")
    func reused() {
        var connections = ClientConnections()
        connections.heard(anna, on: 5) { _ in 50 }
        #expect(connections.look { _ in 51 }.isEmpty)
        #expect(connections.look { _ in 51 } == [anna])
    }

    @Test("a client that speaks again on another connection is not gone")
    func returned() {
        var connections = ClientConnections()
        connections.heard(anna, on: 5) { _ in 50 }
        #expect(connections.look { _ in nil }.isEmpty)
        connections.heard(anna, on: 7) { _ in 70 }
        let onSeven: ClientConnections.Numbers = { $0 == 7 ? 70 : nil }
        #expect(connections.look(onSeven).isEmpty && connections.look(onSeven).isEmpty)
    }

    @Test("a connection that is missed once and then found counts from the beginning")
    func flicker() {
        var connections = ClientConnections()
        connections.heard(anna, on: 5) { _ in 50 }
        for _ in 0..<3 {
            #expect(connections.look { _ in nil }.isEmpty)
            #expect(connections.look { _ in 50 }.isEmpty)
        }
    }

    @Test("a connection that was closed before its message was read is missed like others")
    func late() {
        var connections = ClientConnections()
        connections.heard(anna, on: 5) { _ in nil }
        #expect(connections.look { _ in nil }.isEmpty)
        #expect(connections.look { _ in nil } == [anna])
    }

    @Test("a client without a connection cannot be missed")
    func inProcess() {
        var connections = ClientConnections()
        connections.heard(anna, on: nil) { _ in 1 }
        #expect(connections.count == 0 && connections.look { _ in nil }.isEmpty)
    }
}
