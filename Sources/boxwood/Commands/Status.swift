// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Client
import Wire

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show a service's workers, queue and counters.",
        discussion: "Rates are means since the broker started.")

    @OptionGroup var address: AddressOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let keys = address.keys
        let address = address.resolved
        let status: ProtoAdminStatusResponse
        let client = try BoxwoodClient.connect(address, keys)
        defer { client.close() }
        do throws(RPCStatus) {
            status = try await client.status()
        } catch {
            throw CommandFailure(error, endpoint: address)
        }
        let screen = StandardStream.output
        if json {
            screen.write(String(decoding: WireEncoding.json.encode(status), as: UTF8.self) + "\n")
        } else {
            screen.print(ServiceStatus.lines(status, endpoint: address, width: screen.width))
        }
    }
}
