# SPDX-License-Identifier: MIT
"""python evaluation/test_tiles.py"""
import unittest

import tiles
from tiles import Box


class TilesTests(unittest.TestCase):
    def test_parts_cover_and_overlap(self):
        for size in (1, 7, 224, 1344):
            for count in (1, 2, 3):
                if count > size:
                    continue
                found = tiles.parts(size, count)
                self.assertEqual(found[0][0] == 0 and found[-1][1], size)
                self.assertTrue(all(b[0] <= a[1] for a, b in zip(found, found[1:])))
        self.assertEqual(tiles.parts(1344, 2), [(0, 768), (576, 1344)])

    def test_a_box_of_a_tile_is_one_of_the_picture(self):
        self.assertEqual(tiles.in_picture([0, 0.5, 1, 1], (50, 0, 100, 100), (100, 200)), [0.5, 0.25, 1, 0.5])
        self.assertTrue(tiles.is_cut([0, 0.5, 0.5, 0.9], (50, 0, 100, 100), (100, 100)))
        self.assertFalse(tiles.is_cut([0.5, 0, 1, 1], (50, 0, 100, 100), (100, 100)))

    def test_ways_to_merge(self):
        found = [Box([0, 0, 0.5, 0.5], 0.9, 0, 1, False), Box([0, 0, 0.5, 0.4], 0.6, 1, 2, False),
                 Box([0, 0, 0.1, 0.5], 0.8, 2, 2, True), Box([0.6, 0.6, 0.9, 0.9], 0.7, 1, 2, False)]
        self.assertEqual([box.score for box in tiles.suppressed(found)], [0.9, 0.7])
        self.assertEqual([box.score for box in tiles.suppressed(found, contained=2)], [0.9, 0.8, 0.7])
        self.assertEqual(tiles.united(found)[0].place, [0, 0, 0.5, 0.5])
        self.assertTrue(abs(tiles.fused(found)[0].place[3] - 0.46) < 1e-9)
        self.assertEqual(len(tiles.whole(found)), 3)


if __name__ == "__main__":
    unittest.main()
