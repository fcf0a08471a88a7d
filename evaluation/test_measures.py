# SPDX-License-Identifier: MIT
"""    python -m unittest discover evaluation"""
import unittest

import numpy as np

import measures


class MeasuresTests(unittest.TestCase):
    def test_overlap(self):
        self.assertEqual(measures.overlap((0, 0, 1, 1), (0, 0, 1, 1)), 1)
        self.assertAlmostEqual(measures.overlap((0, 0, 2, 1), (1, 0, 3, 1)), 1 / 3)
        self.assertEqual(measures.overlap((0, 0, 1, 1), (1, 0, 2, 1)), 0)

    def test_a_wanted_box_is_taken_once(self):
        wanted = [(0, 0, 1, 1)]
        self.assertEqual(measures.assign([(0, 0, 1, 1), (0, 0, 1, 0.9)], wanted), [0, None])
        self.assertEqual(measures.assign([(5, 5, 6, 6)], wanted), [None])

    def test_average_precision(self):
        self.assertAlmostEqual(measures.average_precision([0.9, 0.8], [True, True], 2), 1)
        self.assertAlmostEqual(measures.average_precision([0.9, 0.8], [False, False], 2), 0)
        # Recall 1/2 at precision 1, recall 1 at precision 2/3: 51 recalls of the one, 50 of the other.
        found = measures.average_precision([0.9, 0.8, 0.7], [True, False, True], 2)
        self.assertAlmostEqual(found, (51 + 50 * 2 / 3) / 101)

    def test_roc_auc(self):
        self.assertEqual(measures.roc_auc(np.array([2.0, 3.0]), np.array([0.0, 1.0])), 1)
        self.assertEqual(measures.roc_auc(np.array([0.0]), np.array([1.0])), 0)
        self.assertEqual(measures.roc_auc(np.array([1.0, 1.0]), np.array([1.0])), 0.5)

    def test_calibration(self):
        self.assertAlmostEqual(measures.calibration_error([0.5, 0.5], [True, False]), 0)
        self.assertAlmostEqual(measures.calibration_error([1.0, 0.0], [False, False]), 0.5)

    def test_best_f1(self):
        f1, least = measures.best_f1([0.9, 0.5, 0.1], [True, True, False], 2)
        self.assertEqual((f1, least), (1, 0.5))

    def test_repeats_are_left_out(self):
        boxes = [(0, 0, 1, 1), (0, 0, 1, 0.5), (0, 0, 1, 0.4)]
        self.assertEqual(measures.distinct(boxes, lambda box: box), [boxes[0], boxes[2]])


if __name__ == "__main__":
    unittest.main()
