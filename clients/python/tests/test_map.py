# SPDX-License-Identifier: MIT
"""A task on each of many pictures."""

from __future__ import annotations

import json
import random
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import boxwood
from boxwood import Caption, Client, Detect, Item, Outcome, Progress, RetryPolicy, progress, resultlog
from support.fake_broker import FakeBroker, Message, answering, in_turn, refusing
from support.samples import RESULT, png


def by_width(broker: FakeBroker, message: Message) -> None:
    """Answers with the width of the picture as the caption."""
    if message.kind == "REQUEST" and message.image is not None:
        broker.respond(message, {**RESULT, "caption": str(int.from_bytes(message.image[16:20], "big"))})


def test_every_item_has_an_outcome_and_bad_ones_do_not_end_the_run(tmp_path: Path) -> None:
    def boom() -> bytes:
        raise RuntimeError("no such row")

    items = [png(1), b"", tmp_path / "nowhere.jpg", ("named", png(5)), Item(png(6), "item"), None, boom, lambda: png(8)]
    with FakeBroker(by_width) as broker, Client(broker.endpoint) as client:
        outcomes = {outcome.index: outcome for outcome in client.map(items, Caption(), in_flight=2)}
    assert sorted(outcomes) == list(range(8))
    assert {index for index, outcome in outcomes.items() if outcome.ok} == {0, 3, 4, 7}
    assert {outcome.key: outcome.unwrap().caption for outcome in outcomes.values() if outcome.ok} == {
        "0": "1",
        "named": "5",
        "item": "6",
        "7": "8",
    }
    assert outcomes[2].key == str(tmp_path / "nowhere.jpg")
    assert "no such row" in str(outcomes[6].error)
    with pytest.raises(boxwood.InvalidArgument, match="NoneType"):
        outcomes[5].unwrap()


def test_items_may_have_tasks_of_their_own() -> None:
    with FakeBroker(answering(RESULT)) as broker, Client(broker.endpoint) as client:
        items = [Item(png(), task=Detect(["one"])), Item(png(), task=Caption())]
        assert all(outcome.ok for outcome in client.map(items))
        assert {message.header["method"].split("/")[-1] for message in broker.received} == {"Detect", "Caption"}
        with pytest.raises(ValueError, match="names no task"):
            list(client.map([png()]))


def test_calls_go_as_batch_unless_told_otherwise() -> None:
    with FakeBroker(answering(RESULT)) as broker, Client(broker.endpoint) as client:
        list(client.map([png()], Caption()))
        list(client.map([png()], Caption(), priority="interactive", timeout=3))
    assert [message.header.get("priority") for message in broker.received] == ["BATCH", None]
    assert broker.received[1].header["timeout_ms"] <= 3000


@pytest.mark.parametrize("in_flight", [1, 3, 8])
def test_no_more_than_so_many_are_open(in_flight: int) -> None:
    open_now: list[Message] = []
    most: list[int] = []

    def script(broker: FakeBroker, message: Message) -> None:
        open_now.append(message)
        most.append(len(open_now))
        if len(open_now) == in_flight or len(broker.received) == 24:
            for each in open_now:
                broker.respond(each, RESULT)
            open_now.clear()

    with FakeBroker(script) as broker, Client(broker.endpoint) as client:
        outcomes = list(client.map([png()] * 24, Caption(), in_flight=in_flight))
    assert len(outcomes) == 24
    assert max(most) <= in_flight


def test_items_are_taken_as_they_are_needed() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield png()

    with FakeBroker(answering(RESULT)) as broker, Client(broker.endpoint) as client:
        outcomes = client.map(endless(), Caption(), in_flight=4)
        for _ in range(10):
            next(outcomes)
        outcomes.close()  # type: ignore[attr-defined]
    assert taken <= 40


def test_leaving_a_run_cancels_what_is_open() -> None:
    def script(broker: FakeBroker, message: Message) -> None:
        if message.kind == "REQUEST" and len(broker.received) == 3:
            broker.respond(message, RESULT)

    with FakeBroker(script) as broker, Client(broker.endpoint) as client:
        outcomes = client.map([png()] * 9, Caption(), in_flight=3)
        next(outcomes)
        broker.wait_for(3)
        outcomes.close()  # type: ignore[attr-defined]
        broker.wait_for(2, "CANCEL")


def test_outcomes_come_in_order_where_that_is_wanted() -> None:
    waiting: list[Message] = []
    shuffle = random.Random(0)

    def script(broker: FakeBroker, message: Message) -> None:
        waiting.append(message)
        if len(waiting) == 5:
            shuffle.shuffle(waiting)
            for each in waiting:
                by_width(broker, each)
            waiting.clear()

    items = [(str(width), png(width)) for width in range(1, 31)]
    with FakeBroker(script) as broker, Client(broker.endpoint) as client:
        outcomes = list(client.map(items, Caption(), in_flight=5, ordered=True))
    assert [(outcome.key, outcome.unwrap().caption) for outcome in outcomes] == [(str(each), str(each)) for each in range(1, 31)]


def test_a_service_that_is_away_for_a_while_is_waited_for() -> None:
    script = in_turn(*[refusing("UNAVAILABLE")] * 3, answering(RESULT))
    with FakeBroker(script) as broker, Client(broker.endpoint, retry=RetryPolicy.never()) as client:
        (outcome,) = client.map([png()], Caption())
    assert outcome.ok
    assert len({message.header["idempotency_key"] for message in broker.received}) == 1
    assert len(broker.received) == 4


def test_but_not_for_longer_than_its_patience() -> None:
    with FakeBroker(refusing("UNAVAILABLE")) as broker, Client(broker.endpoint, retry=RetryPolicy.never()) as client:
        (outcome,) = client.map([png()], Caption(), patience=0)
    assert isinstance(outcome.error, boxwood.Unavailable)


def test_errors_of_the_items_themselves_are_the_caller_s() -> None:
    def items() -> Iterator[bytes]:
        yield png()
        raise LookupError("the list is torn")

    with FakeBroker(answering(RESULT)) as broker, Client(broker.endpoint) as client:
        with pytest.raises(LookupError, match="torn"):
            list(client.map(items(), Caption()))


@pytest.mark.parametrize("wrong", ["photo.jpg", b"bytes", Path("photo.jpg")])
def test_one_picture_is_not_many(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"write \[picture\]"):
        Client().map(wrong, Caption())


def test_what_no_run_knows_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="flight"):
        Client().map([], Caption(), flight=3)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="in_flight"):
        Client().map([], Caption(), in_flight=0)
    with pytest.raises(ValueError, match="phrase"):
        Client().map([], boxwood.Ground("no mark"))


# Going on where a run ended.


def run(client: Client, path: Path, widths: list[int], task: boxwood.Task | None = None) -> list[Outcome]:
    return list(client.map([(str(width), png(width)) for width in widths], task or Caption(), resume=path))


def test_a_run_that_is_started_again_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with FakeBroker(by_width) as broker, Client(broker.endpoint) as client:
        run(client, path, [1, 2, 3])
        outcomes = run(client, path, [1, 2, 3, 4])
        assert len(broker.received) == 4
    assert sorted((outcome.key, outcome.unwrap().caption, outcome.resumed) for outcome in outcomes) == [
        ("1", "1", True),
        ("2", "2", True),
        ("3", "3", True),
        ("4", "4", False),
    ]
    assert sorted(outcome.key for outcome in resultlog.read(path)) == ["1", "2", "3", "4"]


def test_what_failed_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with FakeBroker(in_turn(refusing("DATA_LOSS", message="poison"), by_width)) as broker, Client(broker.endpoint) as client:
        (failed,) = run(client, path, [1])
        (read,) = resultlog.read(path)
        assert isinstance(read.error, boxwood.DataLoss)
        assert read.error.message == "poison"
        (mended,) = run(client, path, [1])
    assert (failed.ok, mended.ok, mended.resumed) == (False, True, False)
    (read,) = resultlog.read(path)
    assert read.unwrap().caption == "1"


def test_another_task_does_not_take_the_results_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with FakeBroker(by_width) as broker, Client(broker.endpoint) as client:
        run(client, path, [1])
        (outcome,) = run(client, path, [1], Detect(["cat"]))
        assert not outcome.resumed
        assert [each.resumed for each in [*run(client, path, [1]), *run(client, path, [1], Detect(["cat"]))]] == [True, True]


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_line_that_was_cut_is_taken_off_and_its_picture_done_again(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "results.jsonl"
    with FakeBroker(by_width) as broker, Client(broker.endpoint) as client:
        run(client, path, [1, 2])
        whole = path.read_bytes()
        path.write_bytes(whole[:-cut])
        outcomes = run(client, path, [1, 2])
        assert sum(outcome.resumed for outcome in outcomes) == 1
        assert len(broker.received) == 3
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert sorted(line["key"] for line in lines) == ["1", "2"]


def test_a_line_that_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(b'\xff\xfe\nnot json\n[1]\n{"key":"1","result":"none"}\n\n')
    with FakeBroker(by_width) as broker, Client(broker.endpoint) as client:
        (outcome,) = run(client, path, [1])
        assert not outcome.resumed
        (outcome,) = run(client, path, [1])
        assert outcome.resumed
    assert path.read_bytes().startswith(b"\xff\xfe\nnot json\n[1]\n")
    assert [outcome.key for outcome in resultlog.read(path)] == ["1"]


def test_a_file_is_written_by_one_run_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with FakeBroker(by_width) as broker, Client(broker.endpoint) as client:
        outcomes = client.map([("1", png()), ("2", png())], Caption(), resume=path)
        next(outcomes)
        with pytest.raises(BlockingIOError, match="another run"):
            client.map([], Caption(), resume=path)
        list(outcomes)
        assert list(client.map([], Caption(), resume=path)) == []


def test_a_file_needs_keys(tmp_path: Path) -> None:
    with Client("tcp://127.0.0.1:1") as client, pytest.raises(ValueError, match="no key"):
        list(client.map([png()], Caption(), resume=tmp_path / "results.jsonl"))


def test_text_of_every_kind_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    names = ["ein Bär 🐻", "a\nb", "\ud800 half", "\u2028"]

    def script(broker: FakeBroker, message: Message) -> None:
        broker.respond(message, {**RESULT, "caption": "Bär\n\u2028"})

    with FakeBroker(script) as broker, Client(broker.endpoint) as client:
        for _ in range(2):
            outcomes = list(client.map([(name, png()) for name in names[:2] + names[3:]], Caption(), resume=path))
        assert all(outcome.resumed and outcome.unwrap().caption == "Bär\n\u2028" for outcome in outcomes)


# Progress.


def test_counts_are_told() -> None:
    told: list[tuple[int, int, int | None]] = []

    def hear(counts: Progress) -> None:
        told.append((counts.done, counts.failed, counts.total))

    with FakeBroker(by_width) as broker, Client(broker.endpoint) as client:
        list(client.map([png(), b"", png()], Caption(), in_flight=1, progress=hear))
        assert told == [(1, 0, 3), (2, 1, 3), (3, 1, 3), (3, 1, 3)]
        told.clear()
        list(client.map(iter([png()]), Caption(), progress=hear))
    assert told[-1][0] == 1


def test_a_line_of_counts_says_what_is_left() -> None:
    counts = Progress(total=100, done=50, failed=2, resumed=10, elapsed=20)
    assert str(counts) == "50 of 100 pictures, 2 failed, 10 from before, 2.0 a second, 25 s left"
    assert str(Progress(total=None)) == "0 pictures, 0.0 a second"


def test_a_bar_where_there_is_tqdm(capsys: pytest.CaptureFixture[str]) -> None:
    with FakeBroker(by_width) as broker, Client(broker.endpoint) as client:
        list(client.map([png(), b""], Caption(), progress=True))
    assert "2/2" in capsys.readouterr().err


def test_lines_where_there_is_none(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    assert isinstance(progress.display(True), progress._Lines)
    with FakeBroker(by_width) as broker, Client(broker.endpoint) as client:
        list(client.map([png(), b""], Caption(), progress=True))
    assert "2 of 2 pictures, 1 failed" in capsys.readouterr().err


def test_nothing_is_shown_unless_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with FakeBroker(by_width) as broker, Client(broker.endpoint) as client:
        list(client.map([png()], Caption()))
    assert capsys.readouterr() == ("", "")


def test_runs_of_several_threads_share_a_client() -> None:
    found: list[int] = []

    def one(client: Client) -> None:
        found.append(sum(outcome.ok for outcome in client.map([png()] * 20, Caption())))

    with FakeBroker(by_width) as broker, Client(broker.endpoint) as client:
        threads = [threading.Thread(target=one, args=(client,)) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert found == [20] * 4
