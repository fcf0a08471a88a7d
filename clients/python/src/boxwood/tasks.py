# SPDX-License-Identifier: MIT
"""What can be asked of a picture. A task is a value: ask for it now, for each of many pictures, or as a job that is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from .frames import encode
from .markup import Span, spans_of, unmark
from .results import Box

_SERVICE = "/boxwood.v1.Grounding/"


@dataclass(frozen=True)
class Options:
    """How a task is done. What is `None` is the service's choice; `docs/cli.md` says what each does and may be."""

    max_new_tokens: int | None = None
    no_repeat_ngram: int | None = None
    beams: int | None = None
    """Beam search; boxes then have no scores. Not with `temperature`."""
    temperature: float | None = None
    """Random draws, the same ones for the same `seed`."""
    top_p: float | None = None
    seed: int | None = None
    threshold: float | None = None
    """0 to 1: leaves out boxes that score less, and looks for more of a label while one could still score as much. For `Detect`,
    where it is 0.6 unless given, `Ground` and `Align`."""
    boxes: str | None = None
    """`refined`, corners to a fraction of a grid cell, or `reference`, cells alone."""
    tiles: str | None = None
    """`Detect` alone: looks at overlapping tiles, too; `2x2`, `2x2+3x3` or `auto`."""

    @classmethod
    def of(cls, options: Options | None, **choices: Any) -> Options:
        """`options` with those of the choices that are not `None`."""
        given = {name: value for name, value in choices.items() if value is not None}
        return replace(options or cls(), **given)

    def message(self) -> dict[str, Any]:
        """The GenerationOptions of the protocol.

        :raises ValueError: for beams and random draws at a time.
        """
        same = ("max_new_tokens", "no_repeat_ngram", "threshold", "tiles")
        message = {name: value for name in same if (value := getattr(self, name)) is not None}
        if self.boxes is not None:
            message["box_decoding"] = self.boxes
        sample = {name: value for name in ("temperature", "top_p", "seed") if (value := getattr(self, name)) is not None}
        if sample and self.beams is not None:
            raise ValueError("beam search draws nothing: give beams, or temperature, top_p and seed")
        if sample:
            message["sample"] = {"temperature": 1.0, **sample}
        if self.beams is not None:
            message["beam"] = {"width": self.beams}
        return message


class Task:
    """One of the tasks below."""

    name: ClassVar[str]
    options: Options

    @property
    def method(self) -> str:
        return _SERVICE + self.name.capitalize()

    def words(self) -> Mapping[str, Any]:
        """The fields of the task's request, but for its options."""
        names = self.__dataclass_fields__  # type: ignore[attr-defined]
        return {name: getattr(self, name) for name in names if name not in ("name", "options")}

    def message(self) -> dict[str, Any]:
        """The task's request in protobuf's JSON."""
        options = self.options.message()
        return {**self.words(), **({"options": options} if options else {})}

    def body(self) -> bytes:
        return encode(self.message())


@dataclass(frozen=True)
class Caption(Task):
    """Says what is in the picture."""

    name: ClassVar[str] = "caption"
    detailed: bool = False
    grounded: bool = True
    """Whether phrases get boxes."""
    options: Options = field(default_factory=Options)

    def words(self) -> Mapping[str, Any]:
        return {**({"detail": "detailed"} if self.detailed else {}), "grounded": self.grounded}


@dataclass(frozen=True)
class Detect(Task):
    """Finds every instance of each label; labels that are not there get no box."""

    name: ClassVar[str] = "detect"
    labels: Sequence[str]
    options: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        if isinstance(self.labels, str):
            raise TypeError(f"labels is a list of texts: write [{self.labels!r}]")
        object.__setattr__(self, "labels", tuple(self.labels))


@dataclass(frozen=True)
class Ground(Task):
    """Finds the phrases of a sentence: marked in it, `a man and <phrase>his dog</phrase>`, or given as texts or as spans
    `(start, end)` of its characters."""

    name: ClassVar[str] = "ground"
    sentence: str
    phrases: Sequence[str | Span] | None = None
    options: Options = field(default_factory=Options)

    def words(self) -> Mapping[str, Any]:
        """:raises ValueError: for marks that do not pair, and phrases that are not in the sentence."""
        if self.phrases is None:
            sentence, spans = unmark(self.sentence)
        else:
            sentence, spans = self.sentence, spans_of(self.phrases, self.sentence)
        return {"sentence": sentence, "phrases": [{"start": start, "end": end} for start, end in spans]}


@dataclass(frozen=True)
class Align(Task):
    """Finds what a caption speaks of; the model chooses the phrases."""

    name: ClassVar[str] = "align"
    caption: str
    options: Options = field(default_factory=Options)


@dataclass(frozen=True)
class Refer(Task):
    """Finds the one thing that an expression means."""

    name: ClassVar[str] = "refer"
    expression: str
    options: Options = field(default_factory=Options)


@dataclass(frozen=True)
class Describe(Task):
    """Says what is in one part of the picture: a box of a result, or `xmin, ymin, xmax, ymax` as fractions of the picture."""

    name: ClassVar[str] = "describe"
    box: Box | Sequence[float]
    options: Options = field(default_factory=Options)

    def words(self) -> Mapping[str, Any]:
        """:raises ValueError: unless there are four numbers."""
        values = self.box.normalized if isinstance(self.box, Box) else tuple(self.box)
        if len(values) != 4:
            raise ValueError(f"a box is four fractions of the picture, not {len(values)} numbers")
        names = ("xmin", "ymin", "xmax", "ymax")
        return {"box": {name: float(value) for name, value in zip(names, values, strict=True)}}


@dataclass(frozen=True)
class Ask(Task):
    """Answers a question."""

    name: ClassVar[str] = "ask"
    question: str
    grounded: bool = True
    options: Options = field(default_factory=Options)


@dataclass(frozen=True)
class Generate(Task):
    """Continues a raw prompt, in which tags such as `<grounding>` count."""

    name: ClassVar[str] = "generate"
    prompt: str
    options: Options = field(default_factory=Options)
