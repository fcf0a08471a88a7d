// SPDX-License-Identifier: MIT

/// A picture and what was found in it, in the terms that data sets share.
public struct ExportedPicture: Sendable, Hashable {
    public struct Detection: Sendable, Hashable {
        public let label: String
        public let pixels: PixelBox
        public let normalized: NormalizedBox
        /// `nil` where none is known, as with beam search.
        public let score: Double?

        public init(label: String, pixels: PixelBox, normalized: NormalizedBox, score: Double?) {
            self.label = label
            self.pixels = pixels
            self.normalized = normalized
            self.score = score
        }
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

    public init(name: String, width: Int, height: Int, detections: [Detection]) {
        self.name = name
        (self.width, self.height) = (width, height)
        // In the order of the result where scores are equal; those without one come last.
        self.detections = detections.enumerated().sorted { first, second in
            let scores = (first.element.score ?? -1, second.element.score ?? -1)
            return scores.0 == scores.1 ? first.offset < second.offset : scores.0 > scores.1
        }.map(\.element)
    }

    /// - Parameter result: of any task; an entity's label, or its phrase where it has none, is what its boxes are called.
    public init(name: String, _ result: GroundingResult) {
        self.init(
            name: name, width: result.image.width, height: result.image.height,
            detections: result.entities.flatMap { entity in
                entity.boxes.map { box in
                    Detection(
                        label: entity.label ?? entity.phrase, pixels: box.pixels, normalized: box.normalized,
                        score: box.score)
                }
            })
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
