# SPDX-License-Identifier: MIT
"""The nouns that boxwood-nano knows, and the cut-outs that show them.

Every cut-out is a file of Debian's `openclipart-png` (public domain), a glyph of Noto Color Emoji (SIL Open Font
License, written as `U+code point`) or a drawing of Twemoji (CC BY 4.0, written as `twemoji U+code point`). Each was
looked at before it was listed. The held-out ones are never seen in training: they measure how far a noun carries
beyond the pictures it was learned from.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Noun:
    """One noun: singular and plural as they stand in text, and the sources of its cut-outs."""
    singular: str
    plural: str
    training: tuple
    held_out: tuple

    @property
    def article(self):
        return "an" if self.singular[0] in "aeiou" else "a"

    @property
    def counterparts(self):
        """Held-out emoji of which training has another artist's drawing: related pictures, though not the same."""
        return [source for source in self.held_out if f"twemoji {source}" in self.training]


PLURALS = {"butterfly": "butterflies", "strawberry": "strawberries", "grapes": "grapes", "fish": "fish"}

NUMBERS = ["zero", "one", "two", "three", "four"]


def _load():
    import json
    import pathlib
    listed = json.loads((pathlib.Path(__file__).parent / "cutouts.json").read_text())
    return [Noun(name, PLURALS.get(name, name + "s"), tuple(sources["training"]), tuple(sources["held_out"]))
            for name, sources in sorted(listed.items())]


NOUNS = _load()
INDEX = {noun.singular: i for i, noun in enumerate(NOUNS)}
