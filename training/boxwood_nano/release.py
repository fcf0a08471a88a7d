# SPDX-License-Identifier: MIT
"""The pictures that are shipped beside a checkpoint: demonstration samples, and a small held-out set for tests.

    python -m boxwood_nano.release FOLDER

Writes FOLDER/heldout (30 + 30 scenes, JPEG, with scenes.json) and FOLDER/samples (six scenes and two photographs).
"""
import json
import os
import sys

import numpy as np
from PIL import Image

from . import backgrounds, cutouts, evaluate, scenes
from .vocabulary import NOUNS

HELD_OUT_SCENES = 30   # the first ones of each evaluation set, none left out
ABSENT_NOUNS = 3
# Chosen among the first forty scenes of each set for variety and looks, before any checkpoint had answered them.
SAMPLES = [("seen", 6), ("seen", 8), ("seen", 24), ("seen", 39), ("unseen", 4), ("unseen", 22)]
ZOOM = 2
# Photographs that ship with scikit-image; both CC0. One shows a cat, the other nothing the model has a word for.
PHOTOGRAPHS = [("chelsea.png", "photograph-cat.jpg", "Stefan van der Walt"),
               ("coffee.png", "photograph-coffee.jpg", "Rachel Michetti")]


def write_held_out(folder):
    os.makedirs(folder, exist_ok=True)
    rng, entries = np.random.default_rng(3), []
    for name in evaluate.SEEDS:
        for k, scene in enumerate(evaluate.render(name, HELD_OUT_SCENES)):
            file = f"{name}-{k:02d}.jpg"
            scene.picture.save(f"{folder}/{file}", quality=93, subsampling=0)
            missing = [n for n in range(len(NOUNS)) if n not in scene.groups]
            entries.append(dict(
                file=file, seen=name == "seen",
                objects=[dict(noun=NOUNS[n].singular, box=[int(v) for v in box]) for n, box in scene.pixel_objects],
                absent=[NOUNS[missing[i]].singular for i in rng.permutation(len(missing))[:ABSENT_NOUNS]]))
    write_json(f"{folder}/scenes.json", entries)


def write_samples(folder):
    os.makedirs(folder, exist_ok=True)
    sources, boards = cutouts.load(), backgrounds.make(seed=1, count=60, held_out=True)
    entries = []
    for number, (name, wanted) in enumerate(SAMPLES, 1):
        scene = nth_scene(name, wanted, sources, boards)
        file = f"scene-{number}.jpg"
        Image.fromarray(scene.pixels).save(f"{folder}/{file}", quality=93, subsampling=0)
        entries.append(dict(
            file=file, cutouts=name, size=[scenes.SIZE * ZOOM] * 2,
            objects=[dict(noun=NOUNS[n].singular, box=[int(v) * ZOOM for v in box]) for n, box in scene.objects]))
    for source, file, author in PHOTOGRAPHS:
        picture = backgrounds.photograph(source)
        picture.save(f"{folder}/{file}", quality=90)
        entries.append(dict(file=file, size=list(picture.size), source=f"{source} of scikit-image", author=author,
                            licence="CC0-1.0"))
    write_json(f"{folder}/samples.json", entries)


def nth_scene(name, wanted, sources, boards):
    """Scene `wanted` of an evaluation set, drawn with ZOOM times the pixels."""
    rng = np.random.default_rng([evaluate.SEEDS[name], 7])
    found = -1
    while found < wanted:
        scene = scenes.make(rng, sources[name == "unseen"], boards, zoom=ZOOM)
        found += bool(scene.objects)
    return scene


def write_json(path, entries):
    """One entry a line, so that changes can be read."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(e) for e in entries) + "\n]\n")


if __name__ == "__main__":
    write_held_out(f"{sys.argv[1]}/heldout")
    write_samples(f"{sys.argv[1]}/samples")
