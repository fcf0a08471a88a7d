// SPDX-License-Identifier: MIT

import Foundation

// simulate [--seeds N] [--from SEED] [--seed SEED] [--threads N] [--capacity]

func option(_ name: String) -> UInt64? {
    let arguments = CommandLine.arguments
    guard let index = arguments.firstIndex(of: name) else { return nil }
    guard index + 1 < arguments.count, let number = UInt64(arguments[index + 1]) else {
        print("\(name) takes a number")
        exit(2)
    }
    return number
}

/// What the tests of capacity ask for, in one line each; false where it is not met.
func measureCapacity() throws -> Bool {
    let goodput = try [0, 0.3, 0.6].map { try CapacityScenarios.goodput(load: 10, spread: $0, seed: 1) }
    let shares = try CapacityScenarios.shares(seed: 1)
    let flood = try CapacityScenarios.classes(interactive: 0.5, age: .seconds(5), seed: 1)
    let starved = try CapacityScenarios.classes(interactive: 3, age: .seconds(5), seed: 1)
    let nearness = try CapacityScenarios.nearness(imbalance: 2, seed: 1)
    print("goodput at ten times the load: \(goodput)")
    print("shares of three clients: \(shares)")
    print("beside a flood of batch calls: \(flood)")
    print("beside a flood of interactive calls: \(starved)")
    print("near their picture: \(nearness)")
    return goodput.allSatisfy { $0 > 0.97 } && shares.allSatisfy { abs($0 - 1.0 / 3) < 0.03 }
        && flood.interactive < 0.6 && starved.batchShare > 0.25 && nearness > 0.85
}

if let seed = option("--seed") {
    let (world, violation) = Simulation.run(seed: seed, recording: true)
    print((world.history ?? []).joined(separator: "\n"))
    print(violation.map { "seed \(seed): \($0)" } ?? "seed \(seed): every promise was kept")
    exit(violation == nil ? 0 : 1)
}
if CommandLine.arguments.contains("--capacity") { exit(try measureCapacity() ? 0 : 1) }

let first = option("--from") ?? 1
let count = option("--seeds") ?? 10_000
guard count > 0 else { exit(1) }
let threads = Int(option("--threads") ?? UInt64(ProcessInfo.processInfo.activeProcessorCount))
let report = Simulation.run(seeds: first...(first + count - 1), threads: threads)
if let failure = report.failure {
    print(failure)
    exit(1)
}
print("\(report.seeds) seeds, \(report.calls) calls, every promise was kept: \(report.endings)")
