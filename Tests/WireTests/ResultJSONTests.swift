// SPDX-License-Identifier: MIT
import Foundation
import Grounding
import Testing
import Wire

struct ResultJSONTests {
    @Test func readsBackFromEitherEncoding() throws {
        for encoding in WireEncoding.allCases {
            #expect(try GroundingResult(body: Samples.result.body(encoding)) == Samples.result)
        }
    }

    @Test func prettyAndCompactSayTheSame() throws {
        let pretty = ResultJSON.pretty(Samples.result)
        #expect(try GroundingResult(body: Array(pretty.utf8)) == Samples.result)
        #expect(pretty.contains("\n  \"finish_reason\": \"length\""))
        #expect(!ResultJSON.compact(Samples.result).contains("\n"))
    }

    /// protobuf's own JSON has the same names and values; it only leaves out empty lists.
    @Test func agreesWithProtobufsMapping() throws {
        let own = try object(Array(ResultJSON.compact(Samples.result).utf8))
        let mapped = WireEncoding.json.encode(Samples.result.proto)
        let theirs = try object(mapped)
        #expect(Set(theirs.keys) == Set(own.keys))
        #expect(try GroundingResult(body: mapped) == Samples.result)
    }

    @Test func zerosAndEmptyListsAreThere() throws {
        var result = Samples.result
        result.entities = []
        result.warnings = []
        result.caption = ""
        let json = ResultJSON.compact(result)
        for part in [#""entities":[]"#, #""warnings":[]"#, #""caption":"""#, #""generated_tokens":0"#, #""queue":0"#] {
            #expect(json.contains(part))
        }
    }

    @Test func equalResultsAreEqualBytes() {
        #expect(Samples.result.body(.json) == Samples.result.body(.json))
        #expect(Samples.result.body(.protobuf) == Samples.result.body(.protobuf))
    }

    @Test func fitsTheSchema() throws {
        let schema = try Schema.ofResult()
        #expect(schema.faults(in: try object(Array(ResultJSON.compact(Samples.result).utf8))) == [])
        let recorded = try Examples.read("detect-json")[1].frames[3]
        #expect(schema.faults(in: try object(recorded)) == [])
    }

    @Test(arguments: [
        (#""attempts":2"#, #""attempts":"2""#), (#""patches":[0,1023]"#, #""patches":[0,1024]"#),
        (#""task":"detect""#, #""task":"detekt""#), (#""span":[0,8]"#, #""span":[0]"#),
        (#""orientation":6"#, #""orientation":6,"extra":1"#), (#","finish_reason":"length""#, ""),
    ])
    func theSchemaRefuses(_ old: String, _ new: String) throws {
        let json = ResultJSON.compact(Samples.result).replacingOccurrences(of: old, with: new)
        #expect(try Schema.ofResult().faults(in: object(Array(json.utf8))).count == 1)
    }

    @Test(arguments: [
        "{}", #"{"task":"detect"}"#, #"{"task":"nope","finish_reason":"stop"}"#,
        #"{"task":"detect","finish_reason":"stop","entities":[{"span":[1],"source":"model"}]}"#,
        #"{"task":"detect","finish_reason":"stop","entities":[{"span":[2,1],"source":"model"}]}"#,
        #"{"task":"detect","finish_reason":"stop","entities":[{"span":[0,1],"source":"thief"}]}"#,
        #"{"task":"detect","finish_reason":"stop","entities":[{"span":[0,1],"source":"model","boxes":[{}]}]}"#,
        #"{"task":"detect","finish_reason":"stop","timing_ms":{"total":"NaN"}}"#,
        """
        {"task":"detect","finish_reason":"stop","entities":[{"span":[0,1],"source":"model","boxes":\
        [{"normalized":[0,0,0,"Infinity"],"patches":[0,1]}]}]}
        """,
    ])
    func brokenResultsAreInternal(_ json: String) {
        let status = #expect(throws: RPCStatus.self) { try GroundingResult(body: Array(json.utf8)) }
        #expect(status?.code == .internal)
        #expect(status?.reason == .malformedBody)
    }

    private func object(_ bytes: [UInt8]) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }
}
