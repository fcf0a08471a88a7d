// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Client
import Wire

extension AddressOptions {
    /// Asks the broker, and names it where it fails.
    func ask<T: Sendable>(_ question: (BoxwoodClient) async throws(RPCStatus) -> T) async throws -> T {
        let client = try BoxwoodClient.connect(resolved, keys)
        defer { client.close() }
        do throws(RPCStatus) {
            return try await question(client)
        } catch {
            throw CommandFailure(error, endpoint: resolved)
        }
    }
}
