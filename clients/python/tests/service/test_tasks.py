# SPDX-License-Identifier: MIT
"""Every task, asked of the real program with the model that is part of the repository."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import pickle
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import boxwood
from boxwood import AsyncClient, Caption, Client, Detect, Options
from support.samples import PICTURES, ROOT, SCENE
from support.service import Service, program

pytestmark = pytest.mark.service


def test_detect_finds_what_is_there_and_nothing_else(client: Client) -> None:
    found = client.detect(SCENE, ["penguin", "umbrella"])
    assert {each.label for each in found} == {"penguin"}
    best = found.detections[0]
    assert best.score is not None
    assert best.score > 0.6
    assert 0 <= best.box.xmin < best.box.xmax <= found.image.width
    assert found.image.sha256 == hashlib.sha256(SCENE.read_bytes()).hexdigest()
    assert (found.task, found.model.name, found.attempts) == ("detect", "boxwood-nano", 1)


def test_a_lower_threshold_finds_no_less(client: Client) -> None:
    few, many = (client.detect(SCENE, ["penguin"], threshold=each) for each in (0.9, 0.1))
    assert len(few.detections) <= len(many.detections)
    assert all(each.score is not None and each.score >= 0.9 for each in few)


def test_caption_names_phrases(client: Client) -> None:
    found = client.caption(SCENE)
    assert found.entities
    for entity in found.entities:
        assert found.caption[slice(*entity.span)] == entity.phrase
    assert len(client.caption(SCENE, detailed=True).caption) > len(found.caption)
    assert client.caption(SCENE, grounded=False).entities == ()


def test_ground_finds_the_marked_phrases(client: Client) -> None:
    marked = client.ground(SCENE, "Look: <phrase>a penguin</phrase>!")
    named = client.ground(SCENE, "Look: a penguin!", ["a penguin"])
    assert marked.caption == named.caption == "Look: a penguin!"
    assert marked.entities == named.entities
    assert [entity.phrase for entity in marked.entities] == ["a penguin"]
    assert marked.entities[0].boxes


def test_align_gives_the_caption_back(client: Client) -> None:
    found = client.align(SCENE, "An image of a penguin.")
    assert found.caption == "An image of a penguin."
    assert [entity.phrase for entity in found.entities] == ["a penguin"]


def test_refer_finds_one_box(client: Client) -> None:
    (found,) = client.refer(SCENE, "the penguin").detections
    assert found.box.area > 0


def test_describe_says_what_is_in_a_box(client: Client) -> None:
    best = client.detect(SCENE, ["penguin"]).detections[0]
    assert client.describe(SCENE, best.box).entities[0].source == "request"
    assert "penguin" in client.describe(SCENE, best.box).caption
    assert client.describe(SCENE, best.box).caption == client.describe(SCENE, best.box.normalized).caption


def test_ask_answers(client: Client) -> None:
    assert client.ask(SCENE, "Is there a penguin?", grounded=False).caption


def test_generate_continues_a_prompt(client: Client) -> None:
    assert client.generate(SCENE, "<grounding> An image of").entities


def test_options_are_taken(client: Client) -> None:
    assert client.caption(SCENE, options=Options(max_new_tokens=2)).finish_reason == "length"
    drawn = [client.caption(SCENE, options=Options(temperature=5.0, seed=7)).text for _ in range(2)]
    assert drawn[0] == drawn[1]
    beams = client.caption(SCENE, options=Options(beams=2))
    assert beams.detections
    assert all(each.score is None for each in beams)
    assert beams.to_hf()[0]["score"] == 1.0
    assert client.detect(SCENE, ["penguin"], tiles="2x2").usage.tiles == 4


def test_a_picture_may_have_any_form(client: Client) -> None:
    with Image.open(SCENE) as opened:
        picture = opened.convert("RGB")
    array = np.asarray(picture)
    forms = [picture, array, array[..., ::-1][..., ::-1]]
    first, *others = [client.detect(form, ["penguin"]).entities for form in forms]
    assert first
    assert all(other == first for other in others)
    assert client.detect(SCENE, ["penguin"]).entities == client.detect(SCENE.read_bytes(), ["penguin"]).entities


def test_the_program_and_the_client_agree(client: Client, service: Service) -> None:
    command = [str(program()), "detect", str(SCENE), "--label", "penguin", "--json", "--endpoint", service.endpoint]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert told["entities"] == client.detect(SCENE, ["penguin"]).raw["entities"]


def test_a_wrong_request_says_what_is_wrong(client: Client) -> None:
    with pytest.raises(boxwood.InvalidArgument) as caught:
        client.detect(SCENE, ["cat", ""])
    assert caught.value.violations == (boxwood.Violation("labels[1]", "is empty"),)
    with pytest.raises(boxwood.InvalidArgument) as caught:
        client.caption(b"not a picture")
    assert caught.value.violations[0].field == "image"
    with pytest.raises(boxwood.InternalError) as other:
        client.caption(SCENE, metadata={"Capital": "x"})
    assert other.value.reason == "MALFORMED_HEADER"
    with pytest.raises(boxwood.Unimplemented) as unknown:
        client.call("/boxwood.v1.Grounding/Nothing", {})
    assert unknown.value.reason == "UNKNOWN_METHOD"


def test_no_time_is_a_deadline_that_is_over(client: Client) -> None:
    with pytest.raises(boxwood.DeadlineExceeded):
        client.caption(SCENE, timeout=0)


def test_one_key_is_one_piece_of_work(client: Client) -> None:
    key = "test-" + os.urandom(12).hex()
    first, second = (client.caption(SCENE, idempotency_key=key) for _ in range(2))
    assert first.id == second.id
    with pytest.raises(boxwood.FailedPrecondition) as caught:
        client.caption(SCENE, detailed=True, idempotency_key=key)
    assert caught.value.reason == "KEY_REUSED"


def test_the_service_tells_of_itself(client: Client) -> None:
    assert client.health()
    assert client.health("")
    with pytest.raises(boxwood.NotFound):
        client.health("nobody")
    status = client.status()
    assert [(worker.model, worker.state) for worker in status.workers] == [("boxwood-nano", status.workers[0].state)]
    assert status.counters["calls_accepted_total"] > 0
    assert "/boxwood.v1.Grounding/Detect" in [method["path"] for method in client.discover()["methods"]]


@pytest.mark.parametrize("window", [1, 2, 64])
def test_a_stream_tells_the_result(client: Client, window: int) -> None:
    with client.stream(Caption(detailed=True), SCENE, window=window) as events:
        heard = list(events)
        whole = events.result()
    assert "".join(event.caption for event in heard) == whole.caption
    assert tuple(event.entity for event in heard if event.entity) == whole.entities
    assert whole.entities == client.caption(SCENE, detailed=True).entities


def test_leaving_a_stream_stops_the_work(client: Client) -> None:
    before = client.status().counters["calls_cancelled_total"]
    labels = [f"thing number {number}" for number in range(1000)]
    with client.stream(Detect(labels, Options(threshold=0.0)), SCENE) as events:
        next(events)
    with client.watch_health() as states:
        next(states)
        while client.status().counters["calls_cancelled_total"] == before:
            pass


def test_asyncio_does_it_all_as_well(service: Service) -> None:
    async def main() -> None:
        async with AsyncClient(service.endpoint) as client:
            await client.wait_until_ready()
            results = await asyncio.gather(
                client.caption(SCENE),
                client.detect(SCENE, ["penguin"], threshold=0.5),
                client.ground(SCENE, "a <phrase>penguin</phrase>"),
                client.align(SCENE, "An image of a penguin."),
                client.refer(SCENE, "the penguin"),
                client.describe(SCENE, (0, 0, 1, 1)),
                client.ask(SCENE, "Is there a cat?"),
                client.generate(SCENE, "<grounding> An image of"),
            )
            names = ["caption", "detect", "ground", "align", "refer", "describe", "ask", "generate"]
            assert [each.task for each in results] == names
            assert await client.health()
            assert (await client.status()).workers
            assert (await client.discover())["protocol"] == 1
            async with client.stream(Caption(), SCENE) as events:
                heard = [event async for event in events]
                assert "".join(event.caption for event in heard) == (await events.result()).caption
            async with client.watch_health() as states:
                assert await anext(aiter(states)) is boxwood.Health.SERVING
            outcomes = [each async for each in client.map(sorted(PICTURES.glob("*.jpg")), Detect(["cat"]))]
            assert all(each.ok for each in outcomes)

    asyncio.run(main())


def test_a_pickled_client_finds_its_service(client: Client) -> None:
    with pickle.loads(pickle.dumps(client)) as other:
        assert other.caption(SCENE).caption == client.caption(SCENE).caption


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_example_of_the_protocol_gives_the_same(client: Client, service: Service, tmp_path: Path) -> None:
    text = (ROOT / "protocol" / "README.md").read_text(encoding="utf-8")
    example = text[text.index("## A complete client in Python") :].split("```python")[1].split("```")[0]
    names: dict[str, object] = {"__name__": "example"}
    exec(example, names)
    # It leaves its socket to the end of its process.
    told = names["detect"](SCENE.read_bytes(), ["penguin"], endpoint=service.endpoint)  # type: ignore[operator]
    assert told["entities"] == client.detect(SCENE, ["penguin"]).raw["entities"]
