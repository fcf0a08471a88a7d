# SPDX-License-Identifier: MIT
"""Scenes: one to four cut-outs on a background, with the exact box of each from its alpha channel."""
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .backgrounds import SIDE
from .cutouts import OPAQUE
from .vocabulary import NOUNS

SIZE = 224
PATCHES = 8            # per side: the vision tower's 28-pixel patches
COUNTS = (1, 2, 2, 3, 3, 4)
SMALLEST, LARGEST, LARGEST_OF_MANY = 0.26, 0.64, 0.46   # of the picture's side; log-uniform between
REPEAT = 0.25          # how often an object has the noun of the one before
LARGEST_OVERLAP = 0.10
BACKGROUND_CLASS = len(NOUNS)
IGNORED = -100


@dataclass
class Scene:
    """`pixels` [224, 224, 3] uint8; `objects` as (noun index, (x1, y1, x2, y2) in pixels); `owner` [224, 224]."""
    pixels: np.ndarray
    objects: list
    owner: np.ndarray


def _overlaps(box, others):
    for other in others:
        w = min(box[2], other[2]) - max(box[0], other[0])
        h = min(box[3], other[3]) - max(box[1], other[1])
        if w > 0 and h > 0:
            smaller = min((box[2] - box[0]) * (box[3] - box[1]), (other[2] - other[0]) * (other[3] - other[1]))
            if w * h > LARGEST_OVERLAP * smaller:
                return True
    return False


def _jitter(rng, picture):
    """Flip, turn a little, and shift colours a little: never so far that a lemon becomes a lime."""
    if rng.random() < 0.5:
        picture = picture.transpose(Image.FLIP_LEFT_RIGHT)
    if rng.random() < 0.35:
        picture = picture.rotate(rng.uniform(-14, 14), Image.BILINEAR, expand=True)
        alpha = np.asarray(picture)[..., 3] > OPAQUE
        rows, columns = np.where(alpha)
        picture = picture.crop((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
    if rng.random() < 0.6:
        values = np.asarray(picture).astype(np.float32)
        values[..., :3] = (values[..., :3] - 128) * rng.uniform(0.75, 1.2) + 128 + rng.uniform(-20, 20, 3)
        picture = Image.fromarray(values.clip(0, 255).astype(np.uint8), "RGBA")
    return picture


def _place(rng, picture, largest, taken):
    """A size and a position that overlap nothing much, or None after ten tries."""
    for _ in range(10):
        scale = math.exp(rng.uniform(math.log(SMALLEST), math.log(largest))) * SIZE / max(picture.size)
        aspect = rng.uniform(0.92, 1.08)
        w = min(max(12, int(picture.width * scale * aspect)), SIZE - 2)
        h = min(max(12, int(picture.height * scale / aspect)), SIZE - 2)
        x, y = int(rng.integers(0, SIZE - w + 1)), int(rng.integers(0, SIZE - h + 1))
        if not _overlaps((x, y, x + w, y + h), taken):
            return x, y, w, h
    return None


def make(rng, cutouts, backgrounds, zoom=1):
    """One scene. `cutouts[noun index]` lists RGBA pictures; `backgrounds` RGB ones of at least SIDE pixels.

    `zoom` 2 draws the same scene with twice the pixels, for people to look at; the boxes stay those of zoom 1.
    """
    source = backgrounds[rng.integers(len(backgrounds))]
    side = int(rng.integers(170, SIDE + 1))
    left, top = int(rng.integers(0, source.width - side + 1)), int(rng.integers(0, source.height - side + 1))
    canvas = source.resize((SIZE * zoom, SIZE * zoom), Image.BILINEAR, box=(left, top, left + side, top + side))
    owner = np.full((SIZE, SIZE), 255, np.uint8)
    objects, count = [], COUNTS[rng.integers(len(COUNTS))]
    for _ in range(count):
        repeat = objects and rng.random() < REPEAT
        noun = objects[-1][0] if repeat else int(rng.integers(len(NOUNS)))
        picture = _jitter(rng, cutouts[noun][rng.integers(len(cutouts[noun]))])
        place = _place(rng, picture, LARGEST if count < 3 else LARGEST_OF_MANY, [box for _, box in objects])
        if place is None:
            continue
        x, y, w, h = place
        drawn, picture = (picture.resize((w * z, h * z), Image.BILINEAR) for z in (zoom, 1))
        canvas.paste(drawn, (x * zoom, y * zoom), drawn)
        owner[y:y + h, x:x + w][np.asarray(picture)[..., 3] > OPAQUE] = len(objects)
        objects.append((noun, (x, y, x + w, y + h)))
    pixels = np.asarray(canvas)
    if rng.random() < 0.5:
        shifted = (pixels.astype(np.float32) - 128) * rng.uniform(0.85, 1.15) + 128 + rng.uniform(-15, 15)
        pixels = shifted.clip(0, 255).astype(np.uint8)
    return Scene(pixels, objects, owner)


def patch_targets(scene):
    """(classes [64], boxes [64, 4] in 0...1, positive [64]): what each patch of the vision tower should say."""
    step = SIZE // PATCHES
    tiles = scene.owner.reshape(PATCHES, step, PATCHES, step)
    cover = np.stack([(tiles == k).mean((1, 3)) for k in range(len(scene.objects))])
    best, most = cover.argmax(0), cover.max(0)
    positive = most > 0.2
    nouns = np.array([noun for noun, _ in scene.objects])
    classes = np.where(positive, nouns[best], BACKGROUND_CLASS)
    classes = np.where((most > 0.04) & ~positive, IGNORED, classes)
    boxes = np.array([box for _, box in scene.objects], np.float32)[best] / SIZE
    return classes.reshape(-1).astype(np.int16), boxes.reshape(-1, 4), positive.reshape(-1)
