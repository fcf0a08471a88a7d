// SPDX-License-Identifier: MIT

/// A box in fractions of the picture: the origin is the top left corner, x grows to the right, y downwards.
public struct NormalizedBox: Sendable, Hashable {
    public var xmin: Double
    public var ymin: Double
    public var xmax: Double
    public var ymax: Double

    public init(xmin: Double, ymin: Double, xmax: Double, ymax: Double) {
        self.xmin = xmin
        self.ymin = ymin
        self.xmax = xmax
        self.ymax = ymax
    }

    /// The coordinates as `[xmin, ymin, xmax, ymax]`.
    public var array: [Double] { [xmin, ymin, xmax, ymax] }

    /// Intersection over union, 0...1.
    public func overlap(with other: NormalizedBox) -> Double {
        let shared = shared(with: other)
        return shared > 0 ? shared / (area + other.area - shared) : 0
    }

    /// The intersection as a share of the smaller box, 0...1.
    public func shareOfSmaller(with other: NormalizedBox) -> Double {
        let shared = shared(with: other)
        return shared > 0 ? shared / min(area, other.area) : 0
    }

    private func shared(with other: NormalizedBox) -> Double {
        let width = min(xmax, other.xmax) - max(xmin, other.xmin)
        let height = min(ymax, other.ymax) - max(ymin, other.ymin)
        return width > 0 && height > 0 ? width * height : 0
    }

    private var area: Double { (xmax - xmin) * (ymax - ymin) }

    /// The same box in pixels of a picture of the given size.
    public func pixels(width: Int, height: Int) -> PixelBox {
        PixelBox(
            xmin: xmin * Double(width), ymin: ymin * Double(height),
            xmax: xmax * Double(width), ymax: ymax * Double(height))
    }
}

/// A box in pixels of the oriented picture; a type of its own, so that it is never added to a normalized one.
public struct PixelBox: Sendable, Hashable {
    public var xmin: Double
    public var ymin: Double
    public var xmax: Double
    public var ymax: Double

    public init(xmin: Double, ymin: Double, xmax: Double, ymax: Double) {
        self.xmin = xmin
        self.ymin = ymin
        self.xmax = xmax
        self.ymax = ymax
    }
}
