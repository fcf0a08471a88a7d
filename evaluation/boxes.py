# SPDX-License-Identifier: MIT
"""How good the boxes of `detect` are, and their scores: the tables of docs/decisions/0007-box-scores.md.

    python evaluation/boxes.py                    # the 60 scenes that are shipped
    python evaluation/boxes.py --scenes 200       # new ones: 200 of each of four sets, drawn by training/boxwood_nano

Every noun of a scene is asked for by its singular, and three nouns that are not in it. `boxwood inspect boxes` tells
what the model believed of each box, down to the least likely; everything else is computed here from that.
"""
import argparse
import json
import math
import pathlib
import subprocess
import tempfile

import numpy as np

import measures
import scenes

PROGRAM = scenes.ROOT / ".build" / "release" / "boxwood"
CELLS = 32          # of the grid, per side
THRESHOLD = 0.5     # of the tables that name no other
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
LIKELIER = 0.5      # a token among two is generated greedily from this probability on
SMALL = 0.26        # a small object's longer side is below this fraction of the picture's: training showed none


def around(corner, radius):
    """The probabilities of the cells at most `radius` from the chosen one, [2 radius + 1, 2 radius + 1]."""
    window = np.array(corner["window"])
    side = math.isqrt(len(window))
    middle = side // 2
    return window.reshape(side, side)[middle - radius:middle + radius + 1, middle - radius:middle + radius + 1]


def corners(measure, power):
    """The geometric mean of both corners' measures (power 1), their product (2), or what lies between it and 1."""
    return lambda box: (measure(box["upper_left"]) * measure(box["lower_right"])) ** (power / 2)


def among_all(corner):
    return corner["probability"]


def chosen(corner):
    return float(around(corner, 0)[0, 0])


def mass(corner):
    return float(around(corner, 1).sum())


def scheme(corner_score, delimiter_power=1.0, presence=True):
    def score(box):
        return (box["object"] * box["delimiter"] ** delimiter_power if presence else 1.0) * corner_score(box)
    return score


def certain(box):
    return 1.0


# What is compared. P: of <object>; D: of the delimiters; C: of a corner's cell; M: of the cell and those around it.
SCHEMES = [
    ("constant 1", certain),
    ("√(C·C), among all tokens", scheme(corners(among_all, 1), presence=False)),
    ("√(C·C), among locations", scheme(corners(chosen, 1), presence=False)),
    ("√(M·M)", scheme(corners(mass, 1), presence=False)),
    ("P", scheme(certain, 0)),
    ("P·D", scheme(certain)),
    ("P·D·C·C", scheme(corners(chosen, 2))),
    ("P·D·√(C·C)", scheme(corners(chosen, 1))),
    ("P·D·√(M·M)", scheme(corners(mass, 1))),
    ("P·√D·√(M·M)", scheme(corners(mass, 1), 1 / 2)),
    ("P·∜D·√(M·M)", scheme(corners(mass, 1), 1 / 4)),
    ("P·∜D", scheme(certain, 1 / 4)),
    ("P·∜(D·C·C)", scheme(corners(chosen, 1 / 2), 1 / 4)),
    ("P·∜(D·M·M), the program's", lambda box: box["score"]),
]


class Case:
    """A label that was asked for: what there is, and the boxes that were written, in order."""

    def __init__(self, set_name, wanted, boxes):
        self.set, self.wanted, self.boxes = set_name, wanted, boxes

    def found(self, score, least=0.0, way=lambda boxes: boxes):
        """What is left of the boxes: those that score enough, best first, without those that repeat a better one."""
        boxes = sorted((box for box in way(self.boxes) if score(box) >= least), key=score, reverse=True)
        return measures.distinct(boxes, lambda box: box["refined"])


def one_box(boxes):
    return boxes[:1]


def likelier(boxes):
    """What greedy decoding writes: it goes on where the delimiter is likelier than the end."""
    count = 1
    while count < len(boxes) and boxes[count]["delimiter"] >= LIKELIER * boxes[count - 1]["delimiter"]:
        count += 1
    return boxes[:count]


WAYS = [("one box", one_box), ("the delimiter where it is likelier", likelier),
        ("the delimiter forced, the program's", lambda boxes: boxes)]


def ask(sets, program, arguments, folder):
    """Every case of every set, answered by the program."""
    places = [(name, scene) for name, items in sets.items() for scene in items]
    questions = [{"image": scene.file, "labels": [*scene.objects, *scene.absent]} for _, scene in places]
    file = pathlib.Path(folder) / "questions.json"
    file.write_text(json.dumps(questions))
    lines = subprocess.run([program, "inspect", "boxes", "--input", file, *arguments], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return [Case(name, scene.objects.get(answer["label"], []), answer["boxes"])
            for (name, scene), line in zip(places, lines, strict=True) for answer in json.loads(line)]


def ranked(cases, score, way=lambda boxes: boxes):
    """(scores, hits) of all boxes: of one label's boxes the best chooses first."""
    scores, hits = [], []
    for case in cases:
        boxes = case.found(score, way=way)
        scores += [score(box) for box in boxes]
        hits += [one is not None for one in measures.assign([box["refined"] for box in boxes], case.wanted)]
    return np.array(scores), np.array(hits)


def precision_of(cases, score, way=lambda boxes: boxes):
    return measures.average_precision(*ranked(cases, score, way), sum(len(case.wanted) for case in cases))


def counted(cases, score, least, way=lambda boxes: boxes):
    """(precision, recall, F1) of the boxes that score at least so much."""
    given = hits = 0
    for case in cases:
        boxes = case.found(score, least, way)
        given += len(boxes)
        hits += sum(one is not None for one in measures.assign([box["refined"] for box in boxes], case.wanted))
    wanted = sum(len(case.wanted) for case in cases)
    return hits / max(1, given), hits / max(1, wanted), 2 * hits / max(1, given + wanted)


def several(cases):
    return [case for case in cases if 2 <= len(case.wanted) <= 4]


def table(title, rows):
    return "\n".join(["| " + " | ".join(title) + " |", "|" + "---|" * len(title),
                      *("| " + " | ".join(row) + " |" for row in rows)])


def score_rows(cases):
    for name, score in SCHEMES:
        scores, hits = ranked(cases, score)
        tops = [(max((score(box) for box in case.boxes), default=0.0), bool(case.wanted)) for case in cases]
        area = measures.roc_auc(np.array([top for top, there in tops if there]),
                                np.array([top for top, there in tops if not there]))
        f1, least = measures.best_f1(scores, hits, sum(len(case.wanted) for case in cases))
        yield (name, f"{precision_of(cases, score):.4f}", f"{area:.4f}",
               f"{measures.calibration_error(scores, hits):.3f}", f"{f1:.4f} at {least:.3f}",
               f"{counted(several(cases), score, least)[1]:.3f}")


def program_score(box):
    return box["score"]


def way_rows(cases):
    for name, way in WAYS:
        yield (name, f"{precision_of(cases, program_score, way):.4f}",
               *(f"{value:.3f}" for value in counted(cases, program_score, THRESHOLD, way)),
               f"{counted(several(cases), program_score, THRESHOLD, way)[1]:.3f}")


def threshold_rows(cases):
    absent = [case for case in cases if not case.wanted]
    for least in THRESHOLDS:
        quiet = np.mean([not case.found(program_score, least) for case in absent])
        yield (f"{least}", *(f"{value:.3f}" for value in counted(cases, program_score, least)),
               f"{counted(several(cases), program_score, least)[1]:.3f}", f"{quiet:.3f}")


def moved(box, radius):
    """The reference's box with its corners where they are expected among the cells at most `radius` away."""
    moves = []
    for name in ("upper_left", "lower_right"):
        window = around(box[name], radius)
        steps = np.arange(-radius, radius + 1)
        moves += [(window.sum(axis) @ steps) / window.sum() / CELLS for axis in (0, 1)]
    return [edge + move for edge, move in zip(box["reference"], moves)]


BOXES = [("reference", lambda box: box["reference"]), ("expected within one cell", lambda box: moved(box, 1)),
         ("expected within two cells", lambda box: moved(box, 2)),
         ("the program's", lambda box: box["refined"])]


def closeness_rows(cases):
    """Mean overlap of the boxes given with the objects that they find, however they are decoded."""
    pairs = []
    for case in cases:
        boxes = case.found(program_score, THRESHOLD)
        for box, one in zip(boxes, measures.assign([box["reference"] for box in boxes], case.wanted, least=0.25)):
            if one is not None:
                pairs.append((box, case.wanted[one]))
    small = [pair for pair in pairs if max(pair[1][2] - pair[1][0], pair[1][3] - pair[1][1]) < SMALL]
    for name, place in BOXES:
        yield (name, *(f"{np.mean([measures.overlap(place(box), wanted) for box, wanted in some]):.4f} of {len(some)}"
                       if some else "-" for some in (pairs, small)))


def set_rows(cases):
    for name in [*dict.fromkeys(case.set for case in cases), "all"]:
        some = [case for case in cases if name in (case.set, "all")]
        yield (name, str(len(some)), f"{precision_of(some, program_score):.4f}",
               *(f"{value:.3f}" for value in counted(some, program_score, THRESHOLD)),
               f"{counted(several(some), program_score, THRESHOLD)[1]:.3f}")


def report(cases):
    counts = ("precision", "recall", "F1", "recall of 2 to 4")
    return "\n\n".join([
        table(("score", "AP at 0.5", "ROC-AUC", "calibration error", "best F1", "recall of 2 to 4 there"),
              score_rows(cases)),
        table(("instances", "AP at 0.5", *counts), way_rows(cases)),
        table(("threshold", *counts, "absent labels without a box"), threshold_rows(cases)),
        table(("boxes", "mean IoU", "small objects"), closeness_rows(cases)),
        table(("set", "labels", "AP at 0.5", *counts), set_rows(cases))])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, help="draw so many new scenes of each set")
    parser.add_argument("--seed", type=int, default=0, help="another seed draws other scenes")
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("options", nargs="*", help="for `boxwood inspect boxes`, after --, as in: -- --precision q8")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sets = scenes.rendered(folder, arguments.scenes, arguments.seed) if arguments.scenes else scenes.shipped()
        cases = ask(sets, arguments.program, arguments.options, folder)
    print(report(cases))


if __name__ == "__main__":
    main()
