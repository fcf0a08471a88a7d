// SPDX-License-Identifier: MIT

import Grounding
import TestSupport
import Testing

@Suite("Location grid")
struct LocationGridTests {
    @Test("the published example: a snowman and a fire")
    func published() {
        #expect(
            LocationGrid.box(PatchPair(upperLeft: 44, lowerRight: 863)).array == [
                0.390625, 0.046875, 0.984375, 0.828125,
            ])
        #expect(
            LocationGrid.box(PatchPair(upperLeft: 5, lowerRight: 911)).array == [
                0.171875, 0.015625, 0.484375, 0.890625,
            ])
    }

    @Test("every legal pair lies inside the picture, has an area, and is found again from its box")
    func roundTrip() {
        for upperLeft in stride(from: 0, to: 1024, by: 7) {
            for lowerRight in 0..<1024 {
                let pair = PatchPair(upperLeft: upperLeft, lowerRight: lowerRight)
                guard LocationGrid.isValid(pair) else { continue }
                let box = LocationGrid.box(pair)
                #expect(box.xmin >= 0 && box.ymin >= 0 && box.xmax <= 1 && box.ymax <= 1)
                #expect(box.xmin < box.xmax && box.ymin < box.ymax)
                #expect(LocationGrid.clampedPair(box) == pair)
            }
        }
    }

    @Test("moved corners move their own edges, by fractions of a cell")
    func moved() {
        let pair = PatchPair(upperLeft: 44, lowerRight: 863)
        let plain = LocationGrid.box(pair)
        let box = LocationGrid.box(pair, upperLeft: (0.5, -0.25), lowerRight: (-1, 2))
        let moves = zip(box.array, plain.array).map { ($0 - $1) * 32 }
        #expect(moves == [0.5, -0.25, -1, 2])
        #expect(LocationGrid.box(pair, upperLeft: (0, 0), lowerRight: (0, 0)) == plain)
    }

    @Test("moved corners stay inside the picture and leave a box")
    func movedWithinBounds() {
        let corner = LocationGrid.box(
            PatchPair(upperLeft: 0, lowerRight: 1023), upperLeft: (-2, -2), lowerRight: (2, 2))
        #expect(corner.array == [0, 0, 1, 1])
        let thin = PatchPair(upperLeft: 100, lowerRight: 133)
        let crossed = LocationGrid.box(thin, upperLeft: (2, 0), lowerRight: (-1, 0.5))
        let plain = LocationGrid.box(thin)
        #expect(crossed.xmin == plain.xmin && crossed.xmax == plain.xmax)
        #expect(crossed.ymin == plain.ymin && crossed.ymax == plain.ymax + 0.5 / 32)
    }

    @Test("the overlap is intersection over union")
    func overlap() {
        let box = NormalizedBox(xmin: 0, ymin: 0, xmax: 0.5, ymax: 0.5)
        #expect(box.overlap(with: box) == 1)
        #expect(box.overlap(with: NormalizedBox(xmin: 0.25, ymin: 0, xmax: 0.75, ymax: 0.5)) == 1.0 / 3)
        #expect(box.overlap(with: NormalizedBox(xmin: 0.5, ymin: 0, xmax: 1, ymax: 0.5)) == 0)
        #expect(box.overlap(with: NormalizedBox(xmin: 0.75, ymin: 0.75, xmax: 1, ymax: 1)) == 0)
    }

    @Test(
        "a pair is invalid off the grid or with its corners the wrong way round",
        arguments: [
            (1024, 1025), (-1, 5), (0, 1024), (33, 32), (64, 33), (863, 44),
        ])
    func invalid(upperLeft: Int, lowerRight: Int) {
        #expect(!LocationGrid.isValid(PatchPair(upperLeft: upperLeft, lowerRight: lowerRight)))
    }

    @Test("a box that touches the picture's far edges stays on the grid")
    func edges() {
        let whole = NormalizedBox(xmin: 0, ymin: 0, xmax: 1, ymax: 1)
        #expect(LocationGrid.clampedPair(whole) == PatchPair(upperLeft: 0, lowerRight: 1023))
        let corner = NormalizedBox(xmin: 1, ymin: 1, xmax: 1, ymax: 1)
        #expect(LocationGrid.clampedPair(corner) == PatchPair(upperLeft: 1023, lowerRight: 1023))
    }
}
