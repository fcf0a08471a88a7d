// SPDX-License-Identifier: MIT

import Grounding
import Testing

struct EventTrailTests {
    private func entity(_ phrase: String, _ span: Range<Int>) -> Entity {
        Entity(phrase: phrase, span: span, source: .model, boxes: [])
    }

    private func result(_ caption: String, _ entities: [Entity]) -> GroundingResult {
        GroundingResult(
            id: "", task: .caption, model: ModelIdentity(name: "", revision: "", precision: ""),
            image: ImageDescription(width: 1, height: 1, sha256: "", orientation: 1), caption: caption,
            entities: entities, text: "", finishReason: .stop)
    }

    @Test func eachEntityComesOnceWithTheCaptionUpToItsEnd() {
        let (dog, man) = (entity("a dög", 0..<5), entity("a man", 10..<15))
        var trail = EventTrail()
        #expect(trail.events(caption: "a dög an", entities: [dog]) == [GroundingEvent(caption: "a dög", entity: dog)])
        #expect(trail.events(caption: "a dög and ", entities: [dog]) == [])
        let end = trail.rest(of: result("a dög and a man.", [dog, man]))
        #expect(end == [GroundingEvent(caption: " and a man", entity: man), GroundingEvent(caption: ".")])
        #expect(trail.rest(of: result("a dög and a man.", [dog, man])) == [])
    }

    @Test func entitiesInAnyOrderRepeatNoText() {
        let (late, early) = (entity("b", 2..<3), entity("a", 0..<1))
        var trail = EventTrail()
        let events = trail.rest(of: result("a b c", [late, early]))
        #expect(events.map(\.caption) == ["a b", "", " c"])
    }

    @Test func whatWasToldElsewhereIsNotToldAgain() {
        let (a, b) = (entity("a", 0..<1), entity("b", 2..<3))
        var (teller, listener) = (EventTrail(), EventTrail())
        for event in teller.events(caption: "a", entities: [a]) { listener.note(event) }
        let whole = result("a b", [a, b])
        #expect(listener.rest(of: whole) == teller.rest(of: whole))
    }

    @Test func anEmptyResultHasNoEvents() {
        var trail = EventTrail()
        #expect(trail.rest(of: result("", [])) == [])
    }
}
