// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Client
import Grounding
import Wire

/// Asks a running service.
struct RemoteService {
    private let options: ServiceOptions
    private let picture: String
    private let progress: ProgressLine

    /// - Parameter picture: what the picture is called in an error.
    init(_ options: ServiceOptions, picture: String, progress: ProgressLine) {
        self.options = options
        self.picture = picture
        self.progress = progress
    }

    func run(_ request: TaskRequest, _ image: [UInt8]) async throws -> GroundingResult {
        let address = options.address
        progress.enter("waiting for \(address)")
        do throws(RPCStatus) {
            let client = try BoxwoodClient.connect(address)
            defer { client.close() }
            return try await client.run(
                request.task, image: image, options: request.options, timeout: options.timeout?.duration)
        } catch {
            throw CommandFailure(error, endpoint: address, picture: picture)
        }
    }
}

extension BoxwoodClient {
    /// A client for an address from the command line.
    static func connect(_ address: String) throws(RPCStatus) -> BoxwoodClient {
        try BoxwoodClient(ClientConfiguration(endpoint: address))
    }
}
