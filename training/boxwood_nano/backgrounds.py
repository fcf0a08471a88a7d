# SPDX-License-Identifier: MIT
"""Backgrounds: procedural textures, and photographs that scikit-image ships under CC0 or in the public domain.

Training and held-out backgrounds share nothing: other photographs, other random streams, and one procedural family
(`weave`) that training never sees.
"""
import os

import numpy as np
from PIL import Image, ImageFilter

SIDE = 320

# Licences as the documentation of `skimage.data` states them: brick, grass, gravel, coffee and cell CC0;
# rocket (SpaceX) and hubble_deep_field (NASA) public domain.
TRAINING_PHOTOGRAPHS = ["brick.png", "grass.png", "gravel.png", "rocket.jpg", "hubble_deep_field.jpg"]
HELD_OUT_PHOTOGRAPHS = ["coffee.png", "cell.png"]


def _colour(rng, low=20, high=240):
    return rng.uniform(low, high, 3)


def noise(rng, cells):
    """Smooth noise in 0...1: a coarse random grid, enlarged."""
    grid = (rng.random((cells, cells)) * 255).astype(np.uint8)
    return np.asarray(Image.fromarray(grid).resize((SIDE, SIDE), Image.BICUBIC), np.float32) / 255


def blend(mask, a, b):
    return a[None, None] * (1 - mask[..., None]) + b[None, None] * mask[..., None]


def clouds(rng):
    mask = sum(noise(rng, 2 ** k + 1) * 0.5 ** i for i, k in enumerate((1, 2, 3, 4, 5))) / 1.9
    return blend(np.clip(mask, 0, 1), _colour(rng), _colour(rng))


def gradient(rng):
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    mask = np.clip((np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)) * 0.7 + 0.5, 0, 1)
    return blend(mask, _colour(rng), _colour(rng)) + rng.normal(0, 4, (SIDE, SIDE, 1))


def stripes(rng):
    angle, period = rng.uniform(0, np.pi), rng.uniform(12, 90)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    wave = np.sin((np.cos(angle) * x + np.sin(angle) * y) * 2 * np.pi / period + noise(rng, 4) * rng.uniform(0, 6))
    return blend(0.5 + 0.5 * np.clip(wave * rng.uniform(0.7, 4), -1, 1), _colour(rng), _colour(rng))


def blobs(rng):
    picture = clouds(rng)
    for _ in range(rng.integers(3, 14)):
        cx, cy = rng.uniform(0, SIDE, 2)
        rx, ry = rng.uniform(8, 90, 2)
        y, x = np.mgrid[0:SIDE, 0:SIDE]
        if rng.random() < 0.5:
            inside = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1
        else:
            inside = (abs(x - cx) < rx) & (abs(y - cy) < ry)
        picture[inside] = picture[inside] * 0.3 + _colour(rng) * 0.7
    return picture


def horizon(rng):
    """Two textures that meet in a wavy line, as sky and ground do."""
    line = SIDE * rng.uniform(0.3, 0.7) + (noise(rng, 6)[0] - 0.5) * rng.uniform(0, 90)
    below = (np.arange(SIDE)[:, None] > line[None])[..., None]
    return np.where(below, clouds(rng), gradient(rng))


def weave(rng):
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    a, b = rng.uniform(10, 40, 2)
    mask = ((np.sin(x * 2 * np.pi / a) > 0) ^ (np.sin(y * 2 * np.pi / b) > 0)).astype(np.float32)
    return blend(mask * 0.6 + noise(rng, 8) * 0.4, _colour(rng), _colour(rng))


TRAINING_FAMILIES = [clouds, gradient, stripes, blobs, horizon, clouds]


def _finish(rng, picture):
    result = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    if rng.random() < 0.5:
        result = result.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 3)))
    return result


def photograph(name):
    """A photograph of scikit-image's data folder, its shorter side at most twice SIDE."""
    import skimage
    picture = Image.open(os.path.join(os.path.dirname(skimage.__file__), "data", name)).convert("RGB")
    scale = min(1, 2 * SIDE / min(picture.size))
    return picture.resize((int(picture.width * scale), int(picture.height * scale)), Image.BILINEAR)


def make(seed, count, held_out=False):
    """`count` backgrounds of at least SIDE by SIDE pixels, a sixth of them photographs."""
    rng = np.random.default_rng([seed, int(held_out)])
    families = [weave] + TRAINING_FAMILIES if held_out else TRAINING_FAMILIES
    photographs = [photograph(n) for n in (HELD_OUT_PHOTOGRAPHS if held_out else TRAINING_PHOTOGRAPHS)]
    result = []
    for k in range(count):
        if k % 6 == 0:
            result.append(photographs[(k // 6) % len(photographs)])
        else:
            result.append(_finish(rng, families[rng.integers(len(families))](rng)))
    return result
