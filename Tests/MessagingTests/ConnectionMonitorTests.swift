// SPDX-License-Identifier: MIT
import Foundation
import Messaging
import Testing

@Suite("Connections watched")
struct ConnectionMonitorTests {
    private func event(_ monitor: borrowing ConnectionMonitor) throws -> ConnectionMonitor.Event? {
        _ = try Poller.wait([monitor.pollItem], timeout: .seconds(20))
        return monitor.next()
    }

    @Test("The monitor tells of the connection's coming and going")
    func comesAndGoes() throws {
        let client = try Socket(Context(), .dealer)
        let monitor = try ConnectionMonitor(of: client)
        let first = monitor.next()
        #expect(first == nil)
        try withServer { server, address in
            try client.connect(address)
            let connected = try event(monitor)
            #expect(connected == .connected)
        }
        let gone = try event(monitor)
        #expect(gone == .disconnected)
    }

    @Test("What came before the end of a connection can still be read")
    func lastWords() throws {
        let client = try Socket(Context(), .dealer)
        let monitor = try ConnectionMonitor(of: client)
        try withServer { server, address in
            try client.connect(address)
            _ = try event(monitor)
            try client.send([[1]])
            _ = try Poller.wait([server.pollItem], timeout: .seconds(20))
            let heard = try #require(try server.receive())
            try server.send([heard[0], [2]])
        }
        let gone = try event(monitor)
        #expect(gone == .disconnected)
        _ = try Poller.wait([client.pollItem], timeout: .seconds(20))
        let last = try client.receive()
        #expect(last == [[2]])
    }

    /// A server for the time of `body`, which lingers until its last words are out.
    private func withServer(_ body: (borrowing Socket, Endpoint) throws -> Void) throws {
        let server = try Socket(Context(), .router, SocketOptions(lingerMilliseconds: 5000))
        let address = try server.bind(Endpoint("tcp://127.0.0.1:*"))
        try body(server, address)
    }
}
