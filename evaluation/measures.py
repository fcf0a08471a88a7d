# SPDX-License-Identifier: MIT
"""Measures of boxes with scores, as the literature defines them; numpy only."""
import numpy as np

FOUND = 0.5  # the overlap from which on a box counts as found
BINS = 10    # of the expected calibration error


def overlap(a, b):
    """Intersection over union of two boxes (x1, y1, x2, y2)."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def assign(boxes, wanted, least=FOUND):
    """For each box, best first, the index of the wanted box it takes, or None: each wanted box is taken once."""
    free, result = set(range(len(wanted))), []
    for box in boxes:
        best = max(free, key=lambda k: overlap(box, wanted[k]), default=None)
        if best is not None and overlap(box, wanted[best]) >= least:
            free.discard(best)
            result.append(best)
        else:
            result.append(None)
    return result


def average_precision(scores, hits, wanted):
    """Area under precision against recall, precision made monotone, at COCO's 101 recalls. `wanted`: boxes there are."""
    if wanted == 0 or len(scores) == 0:
        return 0.0
    order = np.argsort(-np.asarray(scores), kind="stable")
    good = np.cumsum(np.asarray(hits, float)[order])
    recall, precision = good / wanted, good / np.arange(1, len(good) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
    return float(np.mean([precision[p] if p < len(precision) else 0.0 for p in places]))


def roc_auc(present, absent):
    """The chance that a present label scores above an absent one; ties count half."""
    values = np.concatenate([present, absent])
    order = np.argsort(values, kind="stable")
    ranks, ordered, start = np.empty(len(values)), values[order], 0
    while start < len(values):
        end = start
        while end < len(values) and ordered[end] == ordered[start]:
            end += 1
        ranks[order[start:end]] = (start + 1 + end) / 2
        start = end
    n = len(present)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * len(absent)))


def calibration_error(scores, hits):
    """Expected calibration error: how far the scores of ten equal bins lie from the share of hits, by their sizes."""
    scores, hits = np.asarray(scores, float), np.asarray(hits, float)
    places = np.minimum((scores * BINS).astype(int), BINS - 1)
    gaps = [abs(scores[places == b].sum() - hits[places == b].sum()) for b in range(BINS)]
    return float(sum(gaps) / max(1, len(scores)))


def best_f1(scores, hits, wanted):
    """(best F1, the threshold that gives it)."""
    order = np.argsort(-np.asarray(scores), kind="stable")
    good = np.cumsum(np.asarray(hits, float)[order])
    f1 = 2 * good / (np.arange(1, len(good) + 1) + wanted)
    best = int(np.argmax(f1))
    return float(f1[best]), float(np.asarray(scores)[order][best])


def distinct(items, place, most=FOUND):
    """The items whose box overlaps no earlier one's by `most` or more."""
    kept = []
    for item in items:
        if all(overlap(place(item), place(other)) < most for other in kept):
            kept.append(item)
    return kept
