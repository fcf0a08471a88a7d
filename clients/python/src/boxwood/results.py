# SPDX-License-Identifier: MIT
"""What a task answers: `protocol/result.schema.json` as values. Fields that a later service adds are in `raw`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import error_of
from .status import Code, Status

if TYPE_CHECKING:
    from collections.abc import Collection

    import PIL.Image

    from .exports import Classes
    from .pictures import Picture


@dataclass(frozen=True)
class Box:
    """A box in pixels of the picture as it is meant to be looked at, always inside it."""

    xmin: float
    ymin: float
    xmax: float
    ymax: float
    normalized: tuple[float, float, float, float]
    """The same four as fractions of the picture."""
    score: float | None
    """0 to 1; `None` where none is known, as with beam search."""
    patches: tuple[int, int]
    """The cells of the model's grid of 32 by 32 that its upper left and lower right corner lie in."""

    @property
    def xyxy(self) -> tuple[float, float, float, float]:
        return self.xmin, self.ymin, self.xmax, self.ymax

    @property
    def xywh(self) -> tuple[float, float, float, float]:
        """Left, top, width, height."""
        return self.xmin, self.ymin, self.width, self.height

    @property
    def width(self) -> float:
        return self.xmax - self.xmin

    @property
    def height(self) -> float:
        return self.ymax - self.ymin

    @property
    def area(self) -> float:
        return self.width * self.height

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> Box:
        x0, y0, x1, y1 = (float(each) for each in value["normalized"])
        upper, lower = value["patches"]
        score = value.get("score")
        return cls(
            xmin=float(value["xmin"]),
            ymin=float(value["ymin"]),
            xmax=float(value["xmax"]),
            ymax=float(value["ymax"]),
            normalized=(x0, y0, x1, y1),
            score=None if score is None else float(score),
            patches=(int(upper), int(lower)),
        )


@dataclass(frozen=True)
class Entity:
    """A phrase and its boxes."""

    phrase: str
    span: tuple[int, int]
    """`[start, end)`: `result.caption[start:end]`."""
    boxes: tuple[Box, ...]
    source: str
    """Whose the boxes are: `model`, or `request` for the box that `describe` was given."""
    label: str | None = None
    """The label asked for, of `detect`."""

    @property
    def name(self) -> str:
        """The label where there is one, else the phrase."""
        return self.phrase if self.label is None else self.label

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> Entity:
        start, end = value["span"]
        boxes = tuple(Box.parse(box) for box in value["boxes"])
        return cls(value["phrase"], (int(start), int(end)), boxes, value["source"], value.get("label"))


@dataclass(frozen=True)
class Detection:
    """One box and what is in it."""

    label: str
    box: Box
    entity: Entity

    @property
    def score(self) -> float | None:
        return self.box.score


@dataclass(frozen=True)
class Model:
    """Which model answered."""

    name: str
    revision: str
    precision: str
    """`f32`, `q8`, ..."""


@dataclass(frozen=True)
class ImageInfo:
    """The picture as the model saw it: its size after orientation."""

    width: int
    height: int
    sha256: str
    orientation: int
    """The EXIF orientation, 1 to 8."""


@dataclass(frozen=True)
class Usage:
    """What was computed."""

    prompt_tokens: int
    generated_tokens: int
    image_cache_hit: bool
    cached_prompt_tokens: int = 0
    tiles: int = 0
    """How many were looked at beside the whole picture."""


@dataclass(frozen=True)
class Timing:
    """Milliseconds."""

    queue: float
    decode_image: float
    vision: float
    prefill: float
    generate: float
    total: float


@dataclass(frozen=True)
class Result:
    """What a task answers; iterating gives its detections."""

    id: str
    task: str
    model: Model
    image: ImageInfo
    caption: str
    """The text without tags; of `detect` the labels found; of `ground`, `align` and `refer` the caller's own words."""
    entities: tuple[Entity, ...]
    text: str
    """What was generated, tags and all."""
    finish_reason: str
    """`stop` or `length`."""
    warnings: tuple[str, ...]
    usage: Usage
    timing_ms: Timing
    attempts: int
    """How many times the service handed the call to a worker."""
    raw: Mapping[str, Any] = field(repr=False, compare=False)
    """The JSON that came."""

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Result:
        """:raises InternalError: for what is no result."""
        try:
            return cls(
                id=raw["id"],
                task=raw["task"],
                model=_known(Model, raw["model"]),
                image=_known(ImageInfo, raw["image"]),
                caption=raw["caption"],
                entities=tuple(Entity.parse(entity) for entity in raw["entities"]),
                text=raw["text"],
                finish_reason=raw["finish_reason"],
                warnings=tuple(raw["warnings"]),
                usage=_known(Usage, raw["usage"]),
                timing_ms=_known(Timing, raw["timing_ms"]),
                attempts=int(raw["attempts"]),
                raw=raw,
            )
        except (KeyError, TypeError, ValueError) as error:
            status = Status.of(Code.INTERNAL, f"the answer is not the JSON of a result: {error!r}", "MALFORMED_BODY")
            raise error_of(status) from None

    @property
    def detections(self) -> list[Detection]:
        """Every box with what is in it, the surest first."""
        found = [Detection(entity.name, box, entity) for entity in self.entities for box in entity.boxes]
        return sorted(found, key=lambda each: -1.0 if each.score is None else each.score, reverse=True)

    def __iter__(self) -> Iterator[Detection]:
        return iter(self.detections)

    def rows(self) -> list[dict[str, Any]]:
        """A flat row for each box, for tables: pandas, Arrow, Spark."""
        from .exports import rows

        return rows.of(self)

    def to_hf(self, threshold: float = 0.0, top_k: int | None = None) -> list[dict[str, Any]]:
        """As the pipeline `zero-shot-object-detection` of transformers answers: scores, labels and boxes in whole pixels."""
        from .exports import huggingface

        return huggingface.detections(self, threshold, top_k)

    def to_coco(self, file_name: str = "", image_id: int = 1, classes: Classes = None) -> dict[str, Any]:
        """A COCO data set of this one picture. For many pictures: `boxwood.exports.coco.dataset`.

        :param classes: the categories, in their order; boxes of any other name are left out. `None`: the names that occur.
        """
        from .exports import coco

        return coco.dataset([(file_name, self)], classes, first_image_id=image_id)

    def to_coco_results(self, image_id: int, classes: Classes = None) -> list[dict[str, Any]]:
        """COCO's list of results, which `COCO.loadRes` takes."""
        from .exports import coco

        return coco.results(self, image_id, classes)

    def to_yolo(self, classes: Classes = None) -> str:
        """The text of a YOLO label file: `class x y width height` a line, fractions, the centre first."""
        from .exports import yolo

        return yolo.label_file(self, classes)

    def to_voc(self, file_name: str, classes: Classes = None) -> str:
        """Pascal VOC's XML."""
        from .exports import voc

        return voc.annotation(self, file_name, classes)

    def to_label_studio(self, from_name: str = "label", to_name: str = "image", classes: Classes = None) -> dict[str, Any]:
        """A prediction for Label Studio.

        :param from_name: the labelling tag of the project's configuration; `to_name` its image tag.
        """
        from .exports import label_studio

        return label_studio.prediction(self, from_name, to_name, classes)

    def to_supervision(self, classes: Classes = None) -> Any:
        """`supervision.Detections`; needs the extra `supervision`."""
        from .exports import supervision

        return supervision.detections(self, classes)

    def to_fiftyone(self) -> Any:
        """`fiftyone.Detections`; needs the extra `fiftyone`."""
        from .exports import fiftyone

        return fiftyone.detections(self)

    def draw(self, picture: Picture, labels: Collection[str] | None = None) -> PIL.Image.Image:
        """The picture with its boxes, as a PIL picture; needs the extra `draw`.

        :param picture: the one that the result is of, in any form.
        :param labels: only these; `None`: all.
        """
        from .drawing import draw

        return draw(self, picture, labels)


def _known(kind: Any, value: Mapping[str, Any]) -> Any:
    """A dataclass of those of its fields that are there."""
    return kind(**{name: value[name] for name in kind.__dataclass_fields__ if name in value})


@dataclass(frozen=True)
class EntityEvent:
    """What is settled of a task's result since the event before. All captions one after the other are the caption of the result,
    and all entities are its entities."""

    caption: str
    entity: Entity | None = None
    """`None` in the last event, which has the rest of the caption."""

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> EntityEvent:
        entity = value.get("entity")
        return cls(value.get("caption", ""), None if entity is None else Entity.parse(entity))


class Trail:
    """What has been told of one result, and so what is left to tell."""

    def __init__(self) -> None:
        self._entities = 0
        self._characters = 0

    def note(self, event: EntityEvent) -> None:
        self._entities += event.entity is not None
        self._characters += len(event.caption)

    def rest(self, result: Result) -> Sequence[EntityEvent]:
        """The events that did not come."""
        events = [EntityEvent(self._take(result.caption, it.span[1]), it) for it in result.entities[self._entities :]]
        self._entities = len(result.entities)
        last = self._take(result.caption, len(result.caption))
        return [*events, EntityEvent(last)] if last else events

    def _take(self, caption: str, end: int) -> str:
        start, self._characters = self._characters, max(self._characters, min(end, len(caption)))
        return caption[start : self._characters]
