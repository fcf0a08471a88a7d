// SPDX-License-Identifier: MIT

import CCairo

/// Draws boxes and their tags through cairo onto a surface of a known size.
struct BoxPainter {
    private let context: OpaquePointer
    private let width: Double
    private let height: Double
    /// What the widths of lines are measured in, in pixels.
    private let stroke: Double
    private let fontSize: Double
    private var placedTags: [Rectangle] = []

    init(context: OpaquePointer, width: Double, height: Double) {
        self.context = context
        self.width = width
        self.height = height
        stroke = max(1, min(width, height) / 200)
        fontSize = max(9, min(width, height) / 28)
        cairo_select_font_face(context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD)
        cairo_set_font_size(context, fontSize)
    }

    mutating func paint(_ boxes: [DrawnBox]) {
        let placed = boxes.compactMap { box in frame(of: box).map { (box, $0) } }
        for (box, frame) in placed { outline(frame, Palette.color(box.colorIndex)) }
        for (box, frame) in placed { tag(box, frame) }
    }

    /// Where the box's stroke runs, wholly inside the picture; `nil` for a box that is nowhere.
    private func frame(of box: DrawnBox) -> Rectangle? {
        guard box.xmin.isFinite, box.ymin.isFinite, box.xmax.isFinite, box.ymax.isFinite else { return nil }
        let inset = stroke * 1.5
        let left = clamp(min(box.xmin, box.xmax), inset, width - inset)
        let right = clamp(max(box.xmin, box.xmax), inset, width - inset)
        let top = clamp(min(box.ymin, box.ymax), inset, height - inset)
        let bottom = clamp(max(box.ymin, box.ymax), inset, height - inset)
        return Rectangle(x: left, y: top, width: right - left, height: bottom - top)
    }

    /// Black, white and then the colour, each narrower than the one before.
    private func outline(_ frame: Rectangle, _ color: Palette.Color) {
        cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
        addPath(frame)
        strokePath(3.0, 0, 0, 0)
        strokePath(2.4, 1, 1, 1)
        strokePath(1.6, color.red, color.green, color.blue)
        cairo_new_path(context)
    }

    private func strokePath(_ strokes: Double, _ red: Double, _ green: Double, _ blue: Double) {
        cairo_set_line_width(context, stroke * strokes)
        cairo_set_source_rgb(context, red, green, blue)
        cairo_stroke_preserve(context)
    }

    private mutating func tag(_ box: DrawnBox, _ frame: Rectangle) {
        let padding = fontSize * 0.25
        let text = fitted(box.tagText, to: width - 2 * padding)
        guard !text.isEmpty else { return }
        let size = (width: advance(of: text) + 2 * padding, height: fontSize * 1.3)
        let place = freePlace(size, frame)
        placedTags.append(place)
        let color = Palette.color(box.colorIndex)
        addPath(place)
        cairo_set_source_rgb(context, color.red, color.green, color.blue)
        cairo_fill(context)
        let ink = color.isLight ? 0.0 : 1.0
        cairo_set_source_rgb(context, ink, ink, ink)
        cairo_move_to(context, place.x + padding, place.y + fontSize)
        cairo_show_text(context, text)
    }

    /// Above the box, inside it, or below it: the first that hides no other tag, kept inside the picture.
    private func freePlace(_ size: (width: Double, height: Double), _ frame: Rectangle) -> Rectangle {
        let x = clamp(frame.x - stroke, 0, width - size.width)
        let top = frame.y - size.height - stroke
        let inside = frame.y + stroke
        let bottom = frame.y + frame.height - size.height - stroke
        let below = frame.y + frame.height + stroke
        let candidates = [top, inside, bottom, below]
            .filter { $0 >= 0 && $0 + size.height <= height }
            .map { Rectangle(x: x, y: $0, width: size.width, height: size.height) }
        let free = candidates.first { candidate in !placedTags.contains { $0.overlaps(candidate) } }
        let fallback = Rectangle(
            x: x, y: clamp(top, 0, height - size.height), width: size.width, height: size.height)
        return free ?? candidates.first ?? fallback
    }

    /// The text, its end cut off where it is wider than `limit`; empty when not one letter fits.
    private func fitted(_ text: String, to limit: Double) -> String {
        if advance(of: text) <= limit { return text }
        var kept = text
        while !kept.isEmpty {
            kept.removeLast()
            let shortened = kept + "…"
            if advance(of: shortened) <= limit { return kept.isEmpty ? "" : shortened }
        }
        return ""
    }

    private func advance(of text: String) -> Double {
        var extents = cairo_text_extents_t()
        cairo_text_extents(context, text, &extents)
        return extents.x_advance
    }

    private func addPath(_ rectangle: Rectangle) {
        cairo_new_path(context)
        cairo_rectangle(context, rectangle.x, rectangle.y, rectangle.width, rectangle.height)
    }

    /// The nearest value in a range; its middle when the range is inside out.
    private func clamp(_ value: Double, _ low: Double, _ high: Double) -> Double {
        low <= high ? min(max(value, low), high) : max(0, (low + high) / 2)
    }
}

/// A rectangle in pixels.
private struct Rectangle {
    var x: Double
    var y: Double
    var width: Double
    var height: Double

    func overlaps(_ other: Rectangle) -> Bool {
        x < other.x + other.width && other.x < x + width && y < other.y + other.height && other.y < y + height
    }
}
