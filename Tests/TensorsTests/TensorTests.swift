// SPDX-License-Identifier: MIT

import Tensors
import Testing

/// Shapes, element types and the memory of a tensor.
@Suite("Tensors")
struct TensorTests {
    @Test("A shape counts its elements and its axes from both ends")
    func shape() {
        let shape: Shape = [2, 3, 5]
        let seen: [Int] = [shape.rank, shape.count, shape[0], shape[-1], shape[-3]]
        #expect(seen == [3, 30, 2, 5, 2])
        #expect(Shape([]).count == 1)
        #expect(Shape([4, 0]).count == 0)
        #expect("\(shape)" == "[2, 3, 5]")
    }

    @Test("Element types have the format's names and sizes")
    func elementTypes() {
        let sizes = Dictionary(uniqueKeysWithValues: ElementType.allCases.map { ($0.rawValue, $0.byteCount) })
        #expect(
            sizes == [
                "BOOL": 1, "U8": 1, "I8": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2, "U32": 4, "I32": 4, "F32": 4,
                "U64": 8, "I64": 8, "F64": 8,
            ])
    }

    @Test("A new tensor is zeros on a cache line", arguments: [[], [0], [1], [3, 7], [1, 1_000_003]])
    func allocation(extents: [Int]) {
        let tensor = Tensor(Shape(extents))
        #expect(UInt(bitPattern: tensor.pointer) % UInt(Tensor.alignment) == 0)
        #expect(tensor.elements.count == extents.reduce(1, *))
        #expect(tensor.elements.allSatisfy { $0 == 0 })
    }

    @Test("Rows are where they should be, and a copy is its own")
    func rows() {
        let tensor = Tensor([2, 3], [1, 2, 3, 4, 5, 6])
        #expect(tensor.row(1)[0] == 4)
        let copy = tensor.copy()
        copy.row(0)[0] = 9
        #expect(tensor.array == [1, 2, 3, 4, 5, 6])
        #expect(copy.array == [9, 2, 3, 4, 5, 6])
    }

    @Test("Values that do not fill a shape stop the program")
    func misuse() async {
        await #expect(processExitsWith: .failure) { _ = Tensor([2, 2], [1, 2, 3]) }
        await #expect(processExitsWith: .failure) { _ = Shape([2, -1]) }
    }

    private final class Bytes {
        let buffer: UnsafeMutableRawBufferPointer
        init(_ count: Int) { buffer = .allocate(byteCount: count, alignment: 8) }
        deinit { buffer.deallocate() }
    }

    @Test("A stored view keeps its bytes alive and takes other shapes of the same size")
    func stored() {
        weak var watched: Bytes?
        var view: StoredTensor?
        do {
            let owner = Bytes(12)
            owner.buffer.copyBytes(from: 0..<12)
            watched = owner
            view = StoredTensor(
                elementType: .bfloat16, shape: [2, 3], bytes: UnsafeRawBufferPointer(owner.buffer), owner: owner)
        }
        #expect(watched != nil)
        view = view?.reshaped([6, 1])
        #expect(watched != nil)
        #expect(view?.shape == Shape([6, 1]))
        #expect(view?.bytes[11] == 11)
        view = nil
        #expect(watched == nil)
    }

    @Test("A view of too few bytes stops the program")
    func storedMisuse() async {
        await #expect(processExitsWith: .failure) {
            let owner = Bytes(11)
            _ = StoredTensor(
                elementType: .float16, shape: [2, 3], bytes: UnsafeRawBufferPointer(owner.buffer), owner: owner)
        }
    }
}
