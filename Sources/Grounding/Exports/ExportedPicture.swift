// SPDX-License-Identifier: MIT

/// A picture and what was found in it, in the terms that data sets share.
public struct ExportedPicture: Sendable, Hashable {
    public struct Detection: Sendable, Hashable {
        public let label: String
        public let pixels: PixelBox
        public let normalized: NormalizedBox
        /// `nil` where none is known, as with beam search.
        public let score: Double?
    }

    /// Where a form needs a score and none is known.
    public static let missingScore = 1.0

    /// As the data set calls its file.
    public let name: String
    /// Pixels of the oriented picture.
    public let width: Int
    public let height: Int
    /// The surest first.
    public let detections: [Detection]

    /// - Parameter result: of any task; an entity's label, or its phrase where it has none, is what its boxes are called.
    public init(name: String, _ result: GroundingResult) {
        self.name = name
        (width, height) = (result.image.width, result.image.height)
        detections = result.entities.flatMap { entity in
            entity.boxes.map { box in
                Detection(
                    label: entity.label ?? entity.phrase, pixels: box.pixels, normalized: box.normalized,
                    score: box.score)
            }
        }.sorted { ($0.score ?? Self.missingScore) > ($1.score ?? Self.missingScore) }
    }
}

/// The names that a data set numbers, in its order.
public struct ExportedClasses: Sendable, Hashable {
    public let names: [String]
    private let numbers: [String: Int]

    /// - Parameter names: one that comes again is left out.
    public init(_ names: some Sequence<String>) {
        var (kept, numbers) = ([String](), [String: Int]())
        for name in names where numbers[name] == nil {
            numbers[name] = kept.count
            kept.append(name)
        }
        (self.names, self.numbers) = (kept, numbers)
    }

    /// From 0; `nil` for a name that is none of them, whose boxes are left out.
    public func number(of name: String) -> Int? { numbers[name] }
}
