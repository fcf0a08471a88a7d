# SPDX-License-Identifier: MIT
"""What fewer bits cost `detect` on held-out scenes: the table of docs/decisions/0008-own-products.md.

    python evaluation/precisions.py --scenes 200 --seed 2

Every noun of a scene is asked for, and three that are not in it. Accuracy is over the nouns that occur once: the surest box that
is shown overlaps the object by half.
"""
import argparse
import tempfile

import numpy as np

import boxes
import measures
import scenes

PRECISIONS = ("f32", "q8", "q4")
SEARCHED = 0.1  # the least score that is looked at, for AP
SHOWN = 0.6     # the threshold of `detect`


def best_is_right(case):
    found = case.found(boxes.program_score, SHOWN)
    return bool(found) and measures.overlap(found[0]["refined"], case.wanted[0]) >= measures.FOUND


def figures(cases):
    """(accuracy, how many nouns, AP, share of absent nouns without a box, how many)."""
    single = [best_is_right(case) for case in cases if len(case.wanted) == 1]
    quiet = [not case.found(boxes.program_score, SHOWN) for case in cases if not case.wanted]
    return np.mean(single), len(single), boxes.precision_of(cases, boxes.program_score), np.mean(quiet), len(quiet)


def rows(answers):
    names = dict.fromkeys(case.set for case in answers[PRECISIONS[0]])
    for name in [*names, "all"]:
        for precision in PRECISIONS:
            found = figures([case for case in answers[precision] if name in (case.set, "all")])
            yield (name, precision, f"{100 * found[0]:.1f} % of {found[1]}", f"{found[2]:.4f}",
                   f"{100 * found[3]:.1f} % of {found[4]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, help="draw so many new scenes of each set; else the shipped ones")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--program", default=boxes.PROGRAM)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sets = scenes.rendered(folder, arguments.scenes, arguments.seed) if arguments.scenes else scenes.shipped()
        options = ["--threshold", str(SEARCHED), "--cache", folder]
        answers = {precision: boxes.ask(sets, arguments.program, [*options, "--precision", precision], folder)
                   for precision in PRECISIONS}
    print(boxes.table(("set", "precision", "accuracy at 0.5", "AP at 0.5", "absent nouns without a box"), rows(answers)))


if __name__ == "__main__":
    main()
