// SPDX-License-Identifier: MIT
import Client
import Messaging

/// `--name value` pairs after the mode.
struct Options: Sendable {
    var fronts: [String] = []
    var backs: [String] = []
    var ledger = "ledger"
    var name = "peer"
    /// The file of its key; empty for connections without.
    var key = ""
    var lanes = 8
    /// Payloads a second, of all lanes.
    var rate = 20.0
    var seed: UInt64 = 1
    var slots: UInt32 = 4
    /// How long a payload takes.
    var milliseconds = 5...60

    init(_ words: ArraySlice<String>) {
        var words = words
        while let name = words.popFirst() {
            guard let value = words.popFirst() else { preconditionFailure("\(name) needs a value") }
            set(name, value)
        }
    }

    /// Who this process is, for brokers with keys.
    var credential: Credential? {
        get throws { key.isEmpty ? nil : try Credential(file: key) }
    }

    /// One attempt for each call, so that every refusal is seen.
    var singleAttempts: ClientConfiguration {
        get throws {
            try ClientConfiguration(
                endpoints: fronts, connectTimeout: .seconds(1), retry: .never, credential: credential)
        }
    }

    private mutating func set(_ option: String, _ value: String) {
        switch option {
        case "--fronts": fronts = value.split(separator: ",").map(String.init)
        case "--backs": backs = value.split(separator: ",").map(String.init)
        case "--ledger": ledger = value
        case "--name": name = value
        case "--key": key = value
        case "--lanes": lanes = Int(value)!
        case "--rate": rate = Double(value)!
        case "--seed": seed = UInt64(value)!
        case "--slots": slots = UInt32(value)!
        case "--shortest": milliseconds = Int(value)!...max(Int(value)!, milliseconds.upperBound)
        case "--longest": milliseconds = min(milliseconds.lowerBound, Int(value)!)...Int(value)!
        default: preconditionFailure("there is no option \(option)")
        }
    }
}
