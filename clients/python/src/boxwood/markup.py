# SPDX-License-Identifier: MIT
"""Sentences with marked phrases: `a man and <phrase>his dog</phrase>`."""

from __future__ import annotations

import re
from collections.abc import Sequence

Span = tuple[int, int]
"""`[start, end)` in the characters of a text, as Python counts them: they are the protocol's Unicode scalars."""

_MARK = re.compile("<phrase>|</phrase>")


def unmark(marked: str) -> tuple[str, list[Span]]:
    """The sentence without its marks, and where each phrase stands in it.

    :raises ValueError: when a mark is unclosed, nested or empty, or there is none.
    """
    text, spans, start, at = "", list[Span](), None, 0
    for mark in _MARK.finditer(marked):
        text += marked[at : mark.start()]
        at = mark.end()
        if mark.group() == "<phrase>":
            if start is not None:
                raise ValueError("a <phrase> inside a <phrase>")
            start = len(text)
        elif start is None:
            raise ValueError("a </phrase> without a <phrase>")
        elif start == len(text):
            raise ValueError("an empty <phrase></phrase>")
        else:
            spans.append((start, len(text)))
            start = None
    if start is not None:
        raise ValueError("a <phrase> without its </phrase>")
    if not spans:
        raise ValueError("no phrase is marked; write <phrase>...</phrase> around the words to find, or give phrases=[...]")
    return text + marked[at:], spans


def spans_of(phrases: Sequence[str | Span], sentence: str) -> list[Span]:
    """Where each phrase stands. A text is looked for behind the phrase before it, so that one that occurs twice can be given twice.

    :raises ValueError: for a text that is not there.
    """
    if isinstance(phrases, str):
        raise TypeError(f"phrases is a list of texts: write [{phrases!r}]")
    spans: list[Span] = []
    at = 0
    for phrase in phrases:
        if isinstance(phrase, str):
            start = sentence.find(phrase, at)
            if start < 0 or not phrase:
                where = "in the sentence" if at == 0 else "in what of the sentence follows the phrase before it"
                raise ValueError(f"the phrase {phrase!r} is not {where}")
            spans.append((start, start + len(phrase)))
        else:
            start, end = phrase
            spans.append((start, end))
        at = spans[-1][1]
    return spans
