// SPDX-License-Identifier: MIT

/// What is settled of a result since the event before.
///
/// The captions of all events, one after the other, are the result's caption; their entities are its entities, in order.
public struct GroundingEvent: Sendable, Hashable {
    /// Up to the end of the entity; of the last event, the rest.
    public var caption: String
    /// `nil` in the last event.
    public var entity: Entity?

    public init(caption: String, entity: Entity? = nil) {
        self.caption = caption
        self.entity = entity
    }
}

/// What has been told of one result, and so what is left to tell.
public struct EventTrail: Sendable {
    private var entities = 0
    /// Unicode scalars of the caption.
    private var scalars = 0

    public init() {}

    /// The events of entities that have come since.
    /// - Parameters:
    ///   - caption: what is settled of it: it begins like all captions before, and as the final one will.
    ///   - entities: what is settled of them: those told before first.
    public mutating func events(caption: String, entities: [Entity]) -> [GroundingEvent] {
        guard entities.count > self.entities else { return [] }
        let text = Array(caption.unicodeScalars)
        return entities[self.entities...].map { entity in
            self.entities += 1
            return GroundingEvent(caption: take(text, upTo: entity.span.upperBound), entity: entity)
        }
    }

    /// An event that was told by somebody else.
    public mutating func note(_ event: GroundingEvent) {
        entities += event.entity == nil ? 0 : 1
        scalars += event.caption.unicodeScalars.count
    }

    /// The events of what is left once all is known.
    public mutating func rest(of result: GroundingResult) -> [GroundingEvent] {
        let events = events(caption: result.caption, entities: result.entities)
        let text = Array(result.caption.unicodeScalars)
        return text.count > scalars ? events + [GroundingEvent(caption: take(text, upTo: text.count))] : events
    }

    private mutating func take(_ text: [Unicode.Scalar], upTo end: Int) -> String {
        let end = max(scalars, min(end, text.count))
        defer { scalars = end }
        return String(String.UnicodeScalarView(text[scalars..<end]))
    }
}
