// SPDX-License-Identifier: MIT
import Testing

@Suite("boxwood bench broker", .enabled(if: BuiltProgram.exists, "the program is not built beside the tests"))
struct BenchBrokerTests {
    @Test("Measures all three ways and compares them")
    func run() async throws {
        let outcome = try await BuiltProgram.run([
            "bench", "broker", "--seconds", "0.1", "--rounds", "1", "--sizes", "1000,100000", "--clients", "2",
            "--workers", "2", "--json",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let rows = try #require(outcome.json["rows"] as? [[String: Any]])
        #expect(rows.count == 2)
        for row in rows {
            let ways = try #require(row["ways"] as? [String: [String: Any]])
            #expect(Set(ways.keys) == ["proxy", "broker", "service"])
            for (way, figures) in ways {
                #expect((figures["calls"] as? Int ?? 0) > 0 && figures["failed"] as? Int == 0, "\(way)")
            }
            let compared = try #require(row["beside_proxy"] as? [String: Any])
            #expect(Set(compared.keys) == ["broker", "service"])
        }
    }

    @Test("Refuses what is out of range")
    func fault() async throws {
        let outcome = try await BuiltProgram.run(["bench", "broker", "--clients", "65"])
        #expect(outcome.status != 0 && outcome.errors.contains("--clients is 1 to 64"))
    }
}
