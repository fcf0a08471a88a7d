# SPDX-License-Identifier: MIT
"""What tiles gain on large pictures with small objects, and how boxes of tiles are put together best: the tables of
docs/decisions/0010-tiles.md.

    python evaluation/tiles.py --scenes 60 --seed 1

Pictures of 1,344 pixels a side with four to eight objects of 7 to 50 % of it. The first table is what
`boxwood detect --tiles` answers; the second compares ways to merge, all computed here from what `boxwood inspect boxes` tells
of the picture and of its tiles.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile
from dataclasses import dataclass

import numpy as np
from PIL import Image

import boxes
import measures
import scenes

OVERLAP = 0.25      # as Tiling.overlap
EDGE = 1 / 32       # as Tile.edge
SEARCHED = 0.1      # the least score that is looked at, for AP
SHOWN = 0.6         # the threshold of `detect`
CONTAINED = 0.6     # as TileMerging.contained
TILINGS = (None, "2x2", "3x3", "2x2+3x3")


@dataclass
class Box:
    """`place` as fractions of the picture; `part` 0 is the whole, `grid` the columns; `cut`: a tile's edge may cut it."""
    place: list
    score: float
    part: int
    grid: int
    cut: bool


def parts(size, count):
    part = size / (count - (count - 1) * OVERLAP)
    starts = [index * part * (1 - OVERLAP) for index in range(count)]
    return [(int(start), min(size, -int(-(start + part) // 1))) for start in starts]


def tiles(picture, count):
    return [(x, y, xx, yy) for y, yy in parts(picture.height, count) for x, xx in parts(picture.width, count)]


def in_picture(box, tile, size):
    (x, y, xx, yy), (width, height) = tile, size
    a, b, c, d = box
    return [(x + a * (xx - x)) / width, (y + b * (yy - y)) / height, (x + c * (xx - x)) / width,
            (y + d * (yy - y)) / height]


def is_cut(box, tile, size):
    (x, y, xx, yy), (a, b, c, d) = tile, box
    return (a <= EDGE and x > 0 or c >= 1 - EDGE and xx < size[0]
            or b <= EDGE and y > 0 or d >= 1 - EDGE and yy < size[1])


def share(a, b):
    """The intersection as a share of the smaller box."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / min((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))


def is_same(a, b, contained=CONTAINED):
    return (measures.overlap(a.place, b.place) >= measures.FOUND
            or a.part != b.part and share(a.place, b.place) >= contained)


def suppressed(found, contained=CONTAINED):
    """Greedy suppression: the surest box of each object stays."""
    kept = []
    for box in sorted(found, key=lambda box: -box.score):
        if not any(is_same(box, other, contained) for other in kept):
            kept.append(box)
    return kept


def grouped(found):
    """Each box with the better one that it is the same as."""
    groups = []
    for box in sorted(found, key=lambda box: -box.score):
        group = next((group for group in groups if is_same(box, group[0])), None)
        groups.append([box]) if group is None else group.append(box)
    return groups


def united(found):
    """Greedy merging: the smallest box around all that are the same."""
    return [Box([*np.min([box.place[:2] for box in group], 0), *np.max([box.place[2:] for box in group], 0)],
                group[0].score, 0, 1, False) for group in grouped(found)]


def fused(found):
    """Weighted box fusion: the mean of those that overlap by half, by their scores."""
    result = []
    for group in grouped(found):
        alike = [box for box in group if measures.overlap(box.place, group[0].place) >= measures.FOUND]
        place = np.average([box.place for box in alike], 0, [box.score for box in alike])
        result.append(Box(list(place), group[0].score, 0, 1, False))
    return result


def whole(found):
    return [box for box in found if not box.cut]


WAYS = [
    ("cut boxes left out, suppression, the program's", lambda found: suppressed(whole(found))),
    ("suppression without containment", lambda found: suppressed(whole(found), 2)),
    ("cut boxes kept, suppression", suppressed),
    ("cut boxes kept, boxes united", united),
    ("cut boxes left out, boxes united", lambda found: united(whole(found))),
    ("cut boxes left out, weighted fusion", lambda found: fused(whole(found))),
]


def ask_parts(places, program, folder, options):
    """{(scene, label): every box of the picture and of the tiles of 2 and 3 a side}."""
    questions, origins = [], []
    for index, (_, scene) in enumerate(places):
        with Image.open(scene.file) as picture:
            areas = [(1, (0, 0, *picture.size))] + [(n, tile) for n in (2, 3) for tile in tiles(picture, n)]
            for part, (count, area) in enumerate(areas):
                file = pathlib.Path(folder) / f"part-{index}-{part}.png"
                picture.crop(area).save(file, compress_level=1)
                questions.append({"image": str(file), "labels": [*scene.objects, *scene.absent]})
                origins.append((index, part, count, area, picture.size))
    file = pathlib.Path(folder) / "parts.json"
    file.write_text(json.dumps(questions))
    lines = subprocess.run([program, "inspect", "boxes", "--input", file, "--threshold", str(SEARCHED), *options],
                           check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    found = {}
    for (index, part, count, area, size), line in zip(origins, lines, strict=True):
        for answer in json.loads(line):
            best = sorted(answer["boxes"], key=lambda box: -box["score"])
            found.setdefault((index, answer["label"]), []).extend(
                Box(in_picture(box["refined"], area, size), box["score"], part, count,
                    is_cut(box["refined"], area, size))
                for box in measures.distinct(best, lambda box: box["refined"]))
    return found


def ask_program(places, program, tiling, options):
    """{(scene, label): boxes} as `detect` answers."""
    found = {}
    for index, (_, scene) in enumerate(places):
        labels = [*scene.objects, *scene.absent]
        command = [program, "detect", scene.file, "--local", "--json", "--threshold", str(SEARCHED), *options]
        command += [word for label in labels for word in ("--label", label)] + (["--tiles", tiling] if tiling else [])
        answer = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        found.update({(index, label): [] for label in labels})
        for entity in answer["entities"]:
            found[index, entity["label"]] = [Box(box["normalized"], box["score"], 0, 1, False) for box in entity["boxes"]]
    return found


def row(name, places, found):
    """AP, precision, recall, F1, recall and overlap of small objects and of all, absent labels without a box."""
    scores, hits, overlaps, quiet, given, counts = [], [], {True: [], False: []}, [], 0, {True: 0, False: 0}
    for (index, label), answer in found.items():
        wanted = places[index][1].objects.get(label, [])
        answer = sorted(answer, key=lambda box: -box.score)
        scores += [box.score for box in answer]
        hits += [one is not None for one in measures.assign([box.place for box in answer], wanted)]
        shown = [box for box in answer if box.score >= SHOWN]
        given += len(shown)
        if not wanted:
            quiet.append(not shown)
        small = [max(box[2] - box[0], box[3] - box[1]) < boxes.SMALL for box in wanted]
        for one in small:
            counts[one] += 1
        for box, one in zip(shown, measures.assign([box.place for box in shown], wanted)):
            if one is not None:
                overlaps[small[one]].append(measures.overlap(box.place, wanted[one]))
    total, right = sum(counts.values()), sum(map(len, overlaps.values()))
    values = [measures.average_precision(np.array(scores), np.array(hits), total), right / max(1, given), right / total,
              2 * right / (given + total), len(overlaps[True]) / counts[True], len(overlaps[False]) / counts[False],
              np.mean(overlaps[True] or [0]), np.mean(overlaps[True] + overlaps[False] or [0]), np.mean(quiet)]
    return (name, *(f"{value:.3f}" for value in values))


TITLE = ("AP at 0.5", "precision", "recall", "F1", "recall, small", "recall, others", "mean IoU, small", "mean IoU",
         "absent labels without a box")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=60, help="of each set")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--program", default=boxes.PROGRAM)
    parser.add_argument("--ways", action="store_true", help="compare ways to merge as well")
    parser.add_argument("options", nargs="*", help="for both commands, after --")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sets = scenes.large(folder, arguments.scenes, arguments.seed)
        places = [(name, scene) for name, items in sets.items() for scene in items]
        rows = [row(tiling or "the picture alone", places,
                    ask_program(places, arguments.program, tiling, arguments.options)) for tiling in TILINGS]
        print(boxes.table(("tiles", *TITLE), rows), flush=True)
        if arguments.ways:
            found = ask_parts(places, arguments.program, folder, arguments.options)
            rows = [row(name, places, {key: way(some) for key, some in found.items()}) for name, way in WAYS]
            print("\n" + boxes.table(("2x2+3x3, put together", *TITLE), rows))


if __name__ == "__main__":
    main()
