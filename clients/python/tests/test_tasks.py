# SPDX-License-Identifier: MIT
from __future__ import annotations

from typing import Any

import pytest

from boxwood import Align, Ask, Caption, Describe, Detect, Generate, Ground, Options, Refer, Result, Task
from boxwood.markup import spans_of, unmark
from support.samples import RESULT


@pytest.mark.parametrize(
    ("task", "method", "message"),
    [
        (Caption(), "Caption", {"grounded": True}),
        (Caption(detailed=True, grounded=False), "Caption", {"detail": "detailed", "grounded": False}),
        (Detect(["a", "b"]), "Detect", {"labels": ("a", "b")}),
        (Detect(("a",), Options(threshold=0.0)), "Detect", {"labels": ("a",), "options": {"threshold": 0.0}}),
        (Ground("a <phrase>b</phrase>"), "Ground", {"sentence": "a b", "phrases": [{"start": 2, "end": 3}]}),
        (Ground("a b a", ["a", (2, 3), "a"]), "Ground", None),
        (Align("A cat."), "Align", {"caption": "A cat."}),
        (Refer("the cat"), "Refer", {"expression": "the cat"}),
        (Describe((0, 0.25, 0.5, 1)), "Describe", {"box": {"xmin": 0.0, "ymin": 0.25, "xmax": 0.5, "ymax": 1.0}}),
        (Ask("who?"), "Ask", {"question": "who?", "grounded": True}),
        (Generate("<grounding>"), "Generate", {"prompt": "<grounding>"}),
    ],
)
def test_a_task_is_its_request(task: Task, method: str, message: dict[str, Any] | None) -> None:
    assert task.method == f"/boxwood.v1.Grounding/{method}"
    wanted = message or {
        "sentence": "a b a",
        "phrases": [{"start": 0, "end": 1}, {"start": 2, "end": 3}, {"start": 4, "end": 5}],
    }
    assert task.message() == wanted


def test_a_box_of_a_result_can_be_described() -> None:
    box = Result.parse(RESULT).detections[0].box
    assert Describe(box).message()["box"] == {"xmin": 0.25, "ymin": 0.5, "xmax": 0.75, "ymax": 1.0}
    with pytest.raises(ValueError, match="four"):
        Describe((1, 2, 3)).message()


def test_options_say_only_what_was_chosen() -> None:
    assert Options().message() == {}
    assert Options(temperature=0.5, top_p=0.9, seed=3, boxes="reference", max_new_tokens=9, no_repeat_ngram=0).message() == {
        "sample": {"temperature": 0.5, "top_p": 0.9, "seed": 3},
        "box_decoding": "reference",
        "max_new_tokens": 9,
        "no_repeat_ngram": 0,
    }
    assert Options(seed=1).message() == {"sample": {"temperature": 1.0, "seed": 1}}
    assert Options(beams=4, tiles="auto").message() == {"beam": {"width": 4}, "tiles": "auto"}
    with pytest.raises(ValueError, match="beam search draws nothing"):
        Options(beams=4, seed=1).message()


def test_choices_go_before_options() -> None:
    assert Options.of(None, threshold=None) == Options()
    assert Options.of(Options(threshold=0.1, beams=2), threshold=0.5) == Options(threshold=0.5, beams=2)


def test_labels_are_a_list() -> None:
    with pytest.raises(TypeError, match=r"write \['cat'\]"):
        Detect("cat")
    with pytest.raises(TypeError, match=r"write \['cat'\]"):
        Ground("a cat", "cat").message()


def test_marks_are_counted_in_characters() -> None:
    assert unmark("🐻 <phrase>ein Bär</phrase> und <phrase>é</phrase>!") == ("🐻 ein Bär und é!", [(2, 9), (14, 15)])


@pytest.mark.parametrize(
    "marked",
    [
        "no mark",
        "<phrase>a",
        "a</phrase>",
        "<phrase></phrase>",
        "<phrase>a<phrase>b</phrase></phrase>",
        "<phrase>a</phrase></phrase>",
    ],
)
def test_marks_that_do_not_pair_are_refused(marked: str) -> None:
    with pytest.raises(ValueError, match="phrase"):
        Ground(marked).body()


@pytest.mark.parametrize("phrases", [["dog"], ["cat", "a"], [""]])
def test_phrases_that_are_not_there_are_refused(phrases: list[str]) -> None:
    with pytest.raises(ValueError, match="is not in"):
        spans_of(phrases, "a cat")
