# SPDX-License-Identifier: MIT
"""A pool of scenes on disk, rendered ahead so that training never waits for a renderer.

    python -m boxwood_nano.pool FOLDER --scenes 24000 --workers 2
"""
import argparse
import os
import pickle
import time
from multiprocessing import Process

import numpy as np

from . import backgrounds, cutouts, scenes

PART = 2000  # scenes per file: a pool can be used while it grows


def render_part(folder, name, count, seed, unseen, held_out):
    """Writes NAME.npy (pixels) and NAME.pkl (objects and patch targets)."""
    training, kept = cutouts.load()
    boards = backgrounds.make(seed=1, count=60 if held_out else 420, held_out=held_out)
    rng = np.random.default_rng([seed, 7])
    pixels, rows = np.empty((count, scenes.SIZE, scenes.SIZE, 3), np.uint8), []
    while len(rows) < count:
        scene = scenes.make(rng, kept if unseen else training, boards)
        if scene.objects:
            pixels[len(rows)] = scene.pixels
            rows.append((scene.objects, *scenes.patch_targets(scene)))
    np.save(f"{folder}/{name}.tmp.npy", pixels)
    with open(f"{folder}/{name}.pkl", "wb") as file:
        pickle.dump(rows, file)
    os.rename(f"{folder}/{name}.tmp.npy", f"{folder}/{name}.npy")


def render_many(folder, numbers):
    for number in numbers:
        if not os.path.exists(f"{folder}/train{number:03d}.npy"):
            start = time.time()
            render_part(folder, f"train{number:03d}", PART, 100 + number, unseen=False, held_out=False)
            print(f"pool: part {number}, {PART / (time.time() - start):.0f} scenes/s", flush=True)


def build(folder, count, workers):
    """The held-out sets first (small), then the training parts, on `workers` processes."""
    os.makedirs(folder, exist_ok=True)
    for name, unseen, seed in (("seen", False, 1), ("unseen", True, 2)):
        if not os.path.exists(f"{folder}/{name}.npy"):
            render_part(folder, name, 600, seed, unseen=unseen, held_out=True)
    parts = range(-(-count // PART))
    processes = [Process(target=render_many, args=(folder, list(parts)[w::workers])) for w in range(workers)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


def load(folder, prefix="train"):
    """All finished parts: a list of (pixels memory map, rows)."""
    parts = []
    for name in sorted(os.listdir(folder)):
        if name.startswith(prefix) and name.endswith(".npy") and ".tmp" not in name:
            with open(f"{folder}/{name[:-4]}.pkl", "rb") as file:
                parts.append((np.load(f"{folder}/{name}", mmap_mode="r"), pickle.load(file)))
    return parts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--scenes", type=int, default=24000)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    build(arguments.folder, arguments.scenes, arguments.workers)
