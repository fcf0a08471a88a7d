# SPDX-License-Identifier: MIT
from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

import boxwood
from boxwood import EntityEvent, Result
from boxwood.results import Trail
from support.samples import CAT, DOG, RESULT, ROOT, SECOND_CAT, result


def test_a_result_is_read() -> None:
    found = Result.parse(RESULT)
    assert (found.task, found.caption, found.model.name, found.image.width) == ("detect", "cat, dog", "pretended", 200)
    cat, dog = found.entities
    assert (cat.phrase, cat.span, cat.label, cat.source, len(cat.boxes)) == ("cat", (0, 3), "cat", "model", 2)
    assert found.caption[slice(*dog.span)] == "dog"
    box = cat.boxes[0]
    assert (box.xyxy, box.xywh, box.area, box.score) == ((50, 50, 150, 100), (50, 50, 100, 50), 5000, 0.9)
    assert (box.normalized, box.patches) == ((0.25, 0.5, 0.75, 1.0), (0, 1023))


def test_detections_come_surest_first() -> None:
    found = [(each.label, each.score) for each in Result.parse(RESULT)]
    assert found == [("cat", 0.9), ("dog", 0.7), ("cat", 0.65)]
    without = Result.parse(result(("cat", (0, 0, 1, 1), None), DOG))
    assert [each.score for each in without] == [0.7, None]


def test_a_phrase_is_the_name_where_there_is_no_label() -> None:
    raw = copy.deepcopy(RESULT)
    del raw["entities"][0]["label"]
    raw["entities"][0]["phrase"] = "a cat"
    assert Result.parse(raw).entities[0].name == "a cat"


def test_what_a_later_service_adds_is_in_raw() -> None:
    raw = copy.deepcopy(RESULT)
    for place in (raw, raw["model"], raw["usage"], raw["entities"][0], raw["entities"][0]["boxes"][0]):
        place["later"] = 1
    assert Result.parse(raw).raw["later"] == 1
    assert Result.parse(raw) == Result.parse(RESULT)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [each for key, child in inside for each in [(*path, key), *paths(child, (*path, key))]]


SCHEMA = json.loads((ROOT / "protocol" / "result.schema.json").read_text(encoding="utf-8"))


def test_every_required_field_of_the_schema_is_read() -> None:
    names = {"Result": SCHEMA, "Entity": SCHEMA["$defs"]["entity"], "Box": SCHEMA["$defs"]["box"]}
    for name, schema in names.items():
        fields = set(getattr(boxwood, name).__dataclass_fields__)
        assert set(schema["properties"]) <= fields, name
    assert set(RESULT) == set(SCHEMA["required"])


@pytest.mark.parametrize("path", [path for path in paths(RESULT) if path[-1] not in ("label", "score")])
def test_a_result_that_lacks_something_is_an_internal_error(path: tuple[Any, ...]) -> None:
    raw: Any = copy.deepcopy(RESULT)
    place = raw
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = None
    if isinstance(path[-1], str):
        del place[path[-1]]
    if path[0] == "warnings" or (isinstance(path[-1], int) and path[-1] is None):
        return
    with pytest.raises(boxwood.InternalError) as caught:
        Result.parse(raw)
    assert caught.value.reason == "MALFORMED_BODY"


def test_results_travel_between_processes() -> None:
    found = Result.parse(RESULT)
    assert pickle.loads(pickle.dumps(found)) == found


def test_rows_are_flat() -> None:
    rows = Result.parse(RESULT).rows()
    assert len(rows) == 3
    assert rows[0] == {
        "label": "cat",
        "phrase": "cat",
        "score": 0.9,
        "xmin": 50,
        "ymin": 50,
        "xmax": 150,
        "ymax": 100,
        "image_width": 200,
        "image_height": 100,
        "sha256": "0" * 64,
    }


def events_of(found: Result) -> list[EntityEvent]:
    return list(Trail().rest(found))


@pytest.mark.parametrize("count", range(4))
def test_what_was_not_told_is_told_from_the_result(count: int) -> None:
    raw = result(CAT, DOG, SECOND_CAT)
    raw["caption"] = "cat, dog 🐻."
    found = Result.parse(raw)
    everything = events_of(found)
    assert [event.entity for event in everything] == [*found.entities, None]
    assert "".join(event.caption for event in everything) == found.caption
    trail = Trail()
    for event in everything[:count]:
        trail.note(event)
    assert list(trail.rest(found)) == everything[count:]
