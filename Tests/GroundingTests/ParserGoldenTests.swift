// SPDX-License-Identifier: MIT

import Foundation
import Grounding
import TestSupport
import Testing

/// Every generated string that the reference's post-processing was recorded on.
@Suite(
    "Grounded text against the reference", .enabled(if: Goldens.available, "the reference's recordings are not here"))
struct ParserGoldenTests {
    struct Recorded: Decodable {
        struct Entity: Decodable {
            var name: String
            var span: [Int]
            var boxes: [[Double]]
        }
        var text: String
        var caption: String?
        var entities: [Entity]?
    }

    private struct File: Decodable {
        var cases: [Recorded]
    }

    static func recorded() throws -> [Recorded] {
        try JSONDecoder().decode(File.self, from: Goldens.data("postprocess_cases.json")).cases
    }

    @Test("reference mode gives caption, names, spans and boxes of all 291 strings")
    func referenceMode() throws {
        let cases = try Self.recorded()
        #expect(cases.count == 291)
        for item in cases {
            let parsed = GroundedTextParser(.reference).parse(item.text)
            #expect(Array(parsed.caption.unicodeScalars) == item.caption.map { Array($0.unicodeScalars) })
            let expected = try #require(item.entities)
            #expect(parsed.entities.map(\.name) == expected.map(\.name), "\(item.text.debugDescription)")
            #expect(
                parsed.entities.map { [$0.start, $0.end] } == expected.map(\.span),
                "\(item.text.debugDescription)")
            #expect(parsed.entities.map { $0.boxes.map(\.normalized.array) } == expected.map(\.boxes))
        }
    }

    @Test("strict mode says the same, but for boxes that cannot be one, each of which gives a warning")
    func strictMode() throws {
        var dropped = 0
        for item in try Self.recorded() {
            let strict = GroundedTextParser(.strict).parse(item.text)
            let reference = GroundedTextParser(.reference).parse(item.text)
            #expect(strict.caption == reference.caption)
            let valid = reference.entities.compactMap { entity -> GroundedText.Entity? in
                var entity = entity
                entity.boxes.removeAll { !LocationGrid.isValid($0.patches) }
                // The reference counts blanks that it takes off the caption's end.
                (entity.start, entity.end) = (
                    min(entity.start, reference.caption.unicodeScalars.count),
                    min(entity.end, reference.caption.unicodeScalars.count)
                )
                return entity.boxes.isEmpty ? nil : entity
            }
            #expect(strict.entities == valid)
            let lost = reference.entities.flatMap(\.boxes).count - strict.entities.flatMap(\.boxes).count
            #expect(strict.warnings.count >= lost)
            dropped += lost
            for box in strict.entities.flatMap(\.boxes).map(\.normalized) {
                #expect(box.array.allSatisfy { (0...1).contains($0) } && box.xmin < box.xmax && box.ymin < box.ymax)
            }
        }
        #expect(dropped > 0)
    }
}
