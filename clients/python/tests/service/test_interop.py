# SPDX-License-Identifier: MIT
"""`protocol/interop.md`: what every client has to get right, against the real broker and an engine that only pretends."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator

import pytest

import boxwood
from boxwood import Ask, Client
from support.pretended_worker import PretendedWorker
from support.samples import ROOT
from support.service import Service

pytestmark = pytest.mark.service

LINES: dict[str, Callable[[Client], None]] = {}

UNSPEAKABLE = {
    "encodings": "it speaks JSON alone",
    "mixed_encodings": "it speaks JSON alone",
    "delimiter": "its socket is a DEALER",
    "repeated_id": "every attempt has an id of its own",
    "unknown_kind": "it sends three kinds, all of them known",
    "unknown_version": "it speaks version 1",
    "bad_header": "its headers have what they need",
    "bad_frames": "a request has four frames, or five",
}
"""Lines that need a client that does wrong, or otherwise, and why this one cannot."""


def line(function: Callable[[Client], None]) -> Callable[[Client], None]:
    LINES[function.__name__] = function
    return function


@pytest.fixture(scope="module")
def pretended() -> Iterator[Service]:
    with Service(worker=False) as running, PretendedWorker(running.worker_endpoint):
        running.wait()
        yield running


@pytest.fixture
def asker(pretended: Service) -> Iterator[Client]:
    with Client(pretended.endpoint, retry=boxwood.RetryPolicy.never()) as client:
        yield client


def ask(client: Client, question: str, image: bytes = b"picture", **call: object) -> str:
    return client.run(Ask(question), image, **call).caption  # type: ignore[arg-type]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@line
def empty_unary(client: Client) -> None:
    assert client.call("/boxwood.v1.Health/Check", {}) == {"status": "SERVING"}


@line
def large_unary(client: Client) -> None:
    picture = os.urandom(4_000_000)
    assert ask(client, "size", picture) == f"{len(picture)} {sum(picture)}"
    assert ask(client, "large 1000000") == "x" * 1_000_000


@line
def out_of_order(client: Client) -> None:
    slow = client.begin(Ask("sleep 2000"), b"picture")
    assert ask(client, "echo quick") == "quick"
    assert not slow.is_done
    assert slow.result(10).caption == "slept"


@line
def cancel_after_begin(client: Client) -> None:
    stopped = int(ask(client, "stopped"))
    pending = client.begin(Ask("sleep 60000"), b"picture")
    wait_until(lambda: ask(client, "running") != "0")
    pending.cancel()
    pending.cancel()
    with pytest.raises(boxwood.Cancelled):
        pending.result(10)
    wait_until(lambda: int(ask(client, "stopped")) == stopped + 1)


@line
def cancel_unknown(client: Client) -> None:
    pending = client.begin(Ask("echo first"), b"picture")
    assert pending.result(10).caption == "first"
    pending.cancel()
    assert ask(client, "echo second") == "second"


@line
def cancel_after_first_event(client: Client) -> None:
    with client.watch_health() as states:
        assert next(states) is boxwood.Health.SERVING
    assert client.health()


@line
def events(client: Client) -> None:
    with client.stream(Ask("tell 5"), b"picture", window=64) as told:
        heard = list(told)
        whole = told.result()
    assert [event.caption for event in heard] == ["thing 0", " thing 1", " thing 2", " thing 3", " thing 4"]
    assert tuple(event.entity for event in heard) == whole.entities
    assert whole.caption == "".join(event.caption for event in heard)


@line
def cancel_after_first_entity(client: Client) -> None:
    stopped = int(ask(client, "stopped"))
    with client.stream(Ask("tell 3000"), b"picture") as told:
        assert next(told).caption == "thing 0"
    wait_until(lambda: int(ask(client, "stopped")) == stopped + 1)


@line
def back_pressure(client: Client) -> None:
    def left_out() -> float:
        return client.status().counters["events_left_out_total"]

    before = left_out()
    with client.stream(Ask("tell 100"), b"picture", window=2) as told:
        wait_until(lambda: ask(client, "running") == "1")
        wait_until(lambda: ask(client, "running") == "0")
        # Two came; what the broker left out is told from the result.
        assert [event.caption.strip() for event in told] == [f"thing {number}" for number in range(100)]
    assert left_out() >= before + 95


@line
def timeout_on_sleeping_worker(client: Client) -> None:
    stopped = int(ask(client, "stopped"))
    start = time.monotonic()
    with pytest.raises(boxwood.DeadlineExceeded):
        ask(client, "sleep 60000", timeout=0.3)
    assert time.monotonic() - start >= 0.3
    wait_until(lambda: int(ask(client, "stopped")) == stopped + 1)


@line
def timeout_zero(client: Client) -> None:
    with pytest.raises(boxwood.DeadlineExceeded):
        ask(client, "echo nothing", timeout=0)


@line
def status_code_and_message(client: Client) -> None:
    with pytest.raises(boxwood.InvalidArgument) as caught:
        ask(client, "fail INVALID_ARGUMENT some words")
    assert caught.value.message == "some words"
    assert caught.value.violations[0].field == "question"


@line
def special_status_message(client: Client) -> None:
    with pytest.raises(boxwood.Aborted) as caught:
        ask(client, "special")
    assert caught.value.message == "\t\nblanks \r\nand \u263a and \U0001f608\t\n"


@line
def foreign_status(client: Client) -> None:
    with pytest.raises(boxwood.UnknownError) as caught:
        ask(client, "fail UNAVAILABLE words")
    assert caught.value.reason == "FOREIGN_STATUS"


@line
def unknown_method(client: Client) -> None:
    with pytest.raises(boxwood.Unimplemented) as caught:
        client.call("/boxwood.v1.Grounding/Nothing", {})
    assert caught.value.reason == "UNKNOWN_METHOD"


@line
def unknown_service(client: Client) -> None:
    with pytest.raises(boxwood.Unimplemented) as caught:
        client.call("/boxwood.v1.Nothing/Ask", {})
    assert caught.value.reason == "UNKNOWN_METHOD"


@line
def bad_body(client: Client) -> None:
    with pytest.raises(boxwood.InvalidArgument):
        client.call("/boxwood.v1.Grounding/Ask", {"query": "echo"}, b"picture")


@line
def no_image(client: Client) -> None:
    with pytest.raises(boxwood.InvalidArgument) as caught:
        client.call("/boxwood.v1.Grounding/Ask", {"question": "echo"})
    assert caught.value.violations[0].field == "image"


@line
def too_large(client: Client) -> None:
    # Refused before it leaves.
    with pytest.raises(boxwood.ResourceExhausted) as caught:
        ask(client, "echo " + "x" * 4_194_305)
    assert caught.value.reason == "TOO_LARGE"


@line
def metadata(client: Client) -> None:
    assert ask(client, "metadata", metadata={"one": "1", "two": "2"}) == "one=1 two=2"


@line
def bad_metadata(client: Client) -> None:
    with pytest.raises(boxwood.InternalError) as caught:
        ask(client, "metadata", metadata={"Capital": "1"})
    assert caught.value.reason == "MALFORMED_HEADER"


@line
def idempotency_key(client: Client) -> None:
    key, name = os.urandom(12).hex(), os.urandom(4).hex()
    task = Ask(f"count {name}")
    pending = [client.begin(task, b"picture", idempotency_key=key) for _ in range(2)]
    assert [each.result(10).caption for each in pending] == ["1", "1"]
    assert client.run(task, b"picture", idempotency_key=key).caption == "1"
    with pytest.raises(boxwood.FailedPrecondition) as caught:
        ask(client, "echo other", idempotency_key=key)
    assert caught.value.reason == "KEY_REUSED"


@line
def discovery(client: Client) -> None:
    assert "/boxwood.v1.Grounding/Ask" in [method["path"] for method in client.discover()["methods"]]


@line
def watch_limit(client: Client) -> None:
    watches = [client.watch_health() for _ in range(17)]
    with Client(client.configuration.endpoint) as other:
        assert ask(other, "echo at once") == "at once"
    codes = []
    for watch in watches:
        try:
            codes.append(next(watch).name)
        except boxwood.ResourceExhausted as error:
            codes.append(error.reason)
    assert (codes.count("SERVING"), codes.count("QUEUE_FULL")) == (16, 1)
    for watch in watches:
        watch.close()


@line
def soak(client: Client) -> None:
    items = [boxwood.Item(b"picture", str(number), Ask(f"echo {number}")) for number in range(1000)]
    outcomes = list(client.map(items, in_flight=16))
    assert len(outcomes) == 1000
    assert all(outcome.unwrap().caption == outcome.key for outcome in outcomes)


@pytest.mark.parametrize("name", list(LINES))
def test_a_line_of_the_table(asker: Client, name: str) -> None:
    LINES[name](asker)


def test_every_line_is_here_or_is_why_not() -> None:
    table = (ROOT / "protocol" / "interop.md").read_text(encoding="utf-8").split("## The table")[1]
    names = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert len(names) > 20
    assert not set(names) - set(LINES) - set(UNSPEAKABLE), "lines of protocol/interop.md that this client lacks"
    assert not set(LINES) & set(UNSPEAKABLE)
