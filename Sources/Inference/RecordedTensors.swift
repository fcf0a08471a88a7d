// SPDX-License-Identifier: MIT

import Checkpoints
import Foundation
import Tensors

/// The tensors of one row of a recording, by name, without the batch's axis.
struct RecordedTensors {
    struct Item {
        var elementType: ElementType
        var extents: [Int]
        var bytes: Data
    }

    private(set) var items: [String: Item] = [:]

    /// Copies an activation: the model goes on using its memory.
    mutating func add(_ name: String, _ tensor: Tensor) {
        items[name] = Item(
            elementType: .float32, extents: tensor.shape.extents, bytes: Data(buffer: tensor.elements))
    }

    mutating func add(_ name: String, _ extents: [Int], floats: [Float]) {
        items[name] = Item(
            elementType: .float32, extents: extents, bytes: floats.withUnsafeBytes { Data($0) })
    }

    mutating func add(_ name: String, _ extents: [Int], integers: [Int32]) {
        items[name] = Item(
            elementType: .int32, extents: extents, bytes: integers.withUnsafeBytes { Data($0) })
    }

    mutating func add(_ name: String, _ extents: [Int], bytes: [UInt8]) {
        items[name] = Item(elementType: .uint8, extents: extents, bytes: Data(bytes))
    }

    /// One tensor `[B, ...]` for each name under which all rows have the same shape; others are left out.
    static func stacked(_ rows: [RecordedTensors]) -> [SafetensorsWriter.Entry] {
        guard let first = rows.first else { return [] }
        return first.items.sorted { $0.key < $1.key }.compactMap { name, item in
            let parts = rows.compactMap { $0.items[name] }
            guard parts.count == rows.count, parts.allSatisfy({ $0.extents == item.extents }) else { return nil }
            return SafetensorsWriter.Entry(
                name: name, elementType: item.elementType, shape: Shape([rows.count] + item.extents),
                bytes: parts.reduce(into: Data()) { $0.append($1.bytes) })
        }
    }
}
