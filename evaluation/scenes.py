# SPDX-License-Identifier: MIT
"""Held-out scenes with known objects, as files: the shipped ones, or new ones drawn by `training/boxwood_nano`."""
import json
import pathlib
import random
import sys
from dataclasses import dataclass

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "models" / "boxwood-nano" / "heldout"
# Of the random draws; the sets that training and its figures use have other seeds.
SEEDS = {"seen": 31, "unseen": 32, "repeated": 33, "small": 34}
REPEAT = 0.9          # in the set "repeated": how often an object has the noun of the one before
SMALL = (0.13, 0.25)  # in the set "small": an object's longer side, as a fraction of the picture's
# Large pictures: their side in pixels, how many objects, and the longer sides of these.
LARGE_SEEDS = {"seen": 41, "unseen": 42}
LARGE_SIDE, LARGE_COUNTS, LARGE_SIZES = 1344, (4, 5, 6, 7, 8), (0.07, 0.5)


@dataclass
class Scene:
    """A picture's file; its objects by noun, boxes as fractions of the picture; nouns that are not in it."""
    file: str
    objects: dict
    absent: list


def shipped():
    """The 60 scenes beside the embedded model: {"seen": [...], "unseen": [...]}; needs nothing but Pillow."""
    sets = {"seen": [], "unseen": []}
    for entry in json.loads((SHIPPED / "scenes.json").read_text()):
        with Image.open(SHIPPED / entry["file"]) as picture:
            width, height = picture.size
        objects = {}
        for item in entry["objects"]:
            x1, y1, x2, y2 = item["box"]
            objects.setdefault(item["noun"], []).append((x1 / width, y1 / height, x2 / width, y2 / height))
        scene = Scene(str(SHIPPED / entry["file"]), objects, entry["absent"])
        sets["seen" if entry["seen"] else "unseen"].append(scene)
    return sets


def rendered(folder, count, seed=0):
    """`count` new scenes of each set, as PNG files in `folder`.

    "seen" shows the cut-outs of training in new places on held-out backgrounds, "unseen" only cut-outs that training
    never saw; of the other two every second scene is of the one kind. In "repeated" some noun occurs two to four times,
    in "small" all objects are smaller than any that training saw. Needs what `training/README.md` names for rendering.
    """
    sys.path.insert(0, str(ROOT / "training"))
    import numpy
    from boxwood_nano import backgrounds, cutouts, scenes
    from boxwood_nano.vocabulary import NOUNS

    names = [noun.singular for noun in NOUNS]
    training, kept = cutouts.load()
    boards = backgrounds.make(seed=1, count=60, held_out=True)
    usual, sets = (scenes.REPEAT, scenes.SMALLEST, scenes.LARGEST, scenes.LARGEST_OF_MANY), {}
    for name, number in SEEDS.items():
        rng, chance, sets[name] = numpy.random.default_rng([number, seed]), random.Random(number + 1000 * seed), []
        scenes.REPEAT, *sizes = usual
        if name == "repeated":
            scenes.REPEAT = REPEAT
        if name == "small":
            sizes = [SMALL[0], SMALL[1], SMALL[1]]
        scenes.SMALLEST, scenes.LARGEST, scenes.LARGEST_OF_MANY = sizes
        while len(sets[name]) < count:
            unseen = name == "unseen" or (name in ("repeated", "small") and len(sets[name]) % 2 == 1)
            drawn = scenes.make(rng, kept if unseen else training, boards)
            objects = {}
            for noun, box in drawn.objects:
                objects.setdefault(names[noun], []).append(tuple(value / scenes.SIZE for value in box))
            if not objects or (name == "repeated" and max(map(len, objects.values())) < 2):
                continue
            file = pathlib.Path(folder) / f"{name}-{len(sets[name]):04d}.png"
            Image.fromarray(drawn.pixels).save(file)
            missing = [noun for noun in names if noun not in objects]
            sets[name].append(Scene(str(file), objects, chance.sample(missing, 3)))
    scenes.REPEAT, scenes.SMALLEST, scenes.LARGEST, scenes.LARGEST_OF_MANY = usual
    return sets


def large(folder, count, seed=0):
    """`count` large pictures of each set, "seen" and "unseen", with objects of very different sizes far apart."""
    sys.path.insert(0, str(ROOT / "training"))
    import numpy
    from boxwood_nano import backgrounds, cutouts, scenes
    from boxwood_nano.vocabulary import NOUNS

    names, (training, kept) = [noun.singular for noun in NOUNS], cutouts.load()
    boards = backgrounds.make(seed=1, count=60, held_out=True)
    usual = (scenes.SIZE, scenes.COUNTS, scenes.SMALLEST, scenes.LARGEST, scenes.LARGEST_OF_MANY)
    scenes.SIZE, scenes.COUNTS = LARGE_SIDE, LARGE_COUNTS
    scenes.SMALLEST, scenes.LARGEST, scenes.LARGEST_OF_MANY = LARGE_SIZES[0], LARGE_SIZES[1], LARGE_SIZES[1]
    sets = {}
    for name, number in LARGE_SEEDS.items():
        rng, chance, sets[name] = numpy.random.default_rng([number, seed]), random.Random(number + 1000 * seed), []
        for index in range(count):
            drawn = scenes.make(rng, kept if name == "unseen" else training, boards)
            objects = {}
            for noun, box in drawn.objects:
                objects.setdefault(names[noun], []).append(tuple(value / scenes.SIZE for value in box))
            file = pathlib.Path(folder) / f"large-{name}-{index:04d}.png"
            Image.fromarray(drawn.pixels).save(file, compress_level=1)
            missing = [noun for noun in names if noun not in objects]
            sets[name].append(Scene(str(file), objects, chance.sample(missing, 3)))
    scenes.SIZE, scenes.COUNTS, scenes.SMALLEST, scenes.LARGEST, scenes.LARGEST_OF_MANY = usual
    return sets
