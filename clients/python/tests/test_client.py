# SPDX-License-Identifier: MIT
"""The client that waits, against a broker that does what it is told."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import boxwood
from boxwood import Caption, Client, Code, Detect, RetryPolicy
from support.fake_broker import FakeBroker, Message, Script, answering, in_turn, refusing, silent
from support.samples import CAT, DOG, RESULT, png, result

QUICK = RetryPolicy(first_pause=0.01)


def test_a_task_is_asked_and_its_result_read() -> None:
    with FakeBroker(answering(RESULT)) as broker, Client(broker.endpoint) as client:
        found = client.detect(
            png(), ["cat", "dog"], threshold=0.5, metadata={"tenant": "demo"}, priority="batch", traceparent="00-x"
        )
    (request,) = broker.received
    assert request.body == {"labels": ["cat", "dog"], "options": {"threshold": 0.5}}
    assert request.image == png()
    assert request.header["method"] == "/boxwood.v1.Grounding/Detect"
    assert 59_000 < request.header["timeout_ms"] <= 60_000
    assert request.header["pixels"] == 6
    assert (request.header["metadata"], request.header["priority"], request.header["traceparent"]) == (
        {"tenant": "demo"},
        "BATCH",
        "00-x",
    )
    assert len(request.header["idempotency_key"]) >= 22
    assert found.raw == RESULT
    assert [each.label for each in found] == ["cat", "dog", "cat"]


def test_the_attempts_of_the_broker_are_counted() -> None:
    script: Script = lambda broker, message: broker.respond(message, RESULT, attempts=3)  # noqa: E731
    with FakeBroker(script) as broker, Client(broker.endpoint) as client:
        assert client.caption(png()).attempts == 3


def test_unavailable_and_then_ok() -> None:
    script = in_turn(refusing("UNAVAILABLE"), answering(RESULT))
    with FakeBroker(script) as broker, Client(broker.endpoint, retry=QUICK) as client:
        client.caption(png())
    first, second = broker.received
    assert first.id != second.id
    assert first.header["idempotency_key"] == second.header["idempotency_key"]
    assert second.header["previous_attempts"] == 1
    assert second.image == png()


def test_a_delay_that_the_service_names_is_kept() -> None:
    script = in_turn(refusing("RESOURCE_EXHAUSTED", reason="QUEUE_FULL", retry_delay_ms=300), answering(RESULT))
    with FakeBroker(script) as broker, Client(broker.endpoint) as client:
        client.caption(png(), timeout=20)
    first, second = broker.received
    assert first.header["timeout_ms"] - second.header["timeout_ms"] >= 300


def test_an_error_says_everything_that_the_status_said() -> None:
    script = refusing("RESOURCE_EXHAUSTED", message="full", reason="QUEUE_FULL", retry_delay_ms=1500)
    with FakeBroker(script) as broker, Client(broker.endpoint, retry=RetryPolicy.never()) as client:
        with pytest.raises(boxwood.ResourceExhausted, match=r"RESOURCE_EXHAUSTED \(QUEUE_FULL\): full") as caught:
            client.caption(png())
    error = caught.value
    assert (error.code, error.reason, error.retryable, error.retry_after) == (Code.RESOURCE_EXHAUSTED, "QUEUE_FULL", True, 1.5)
    assert len(broker.received) == 1


def test_a_lost_connection_is_made_up_for() -> None:
    def vanish(broker: FakeBroker, message: Message) -> None:
        broker.disappear()

    with (
        FakeBroker(in_turn(vanish, answering(RESULT))) as broker,
        Client(broker.endpoint, retry=QUICK, connect_timeout=10) as client,
    ):
        client.caption(png())
    first, second = broker.received
    assert first.peer != second.peer
    assert first.header["idempotency_key"] == second.header["idempotency_key"]


def test_another_broker_takes_over() -> None:
    with FakeBroker(refusing("UNAVAILABLE", reason="DRAINING", retry_delay_ms=60_000)) as one, FakeBroker(answering(RESULT)) as two:
        with Client([one.endpoint, two.endpoint]) as client:
            client.caption(png())
            client.caption(png())
    # Nothing, if the second was connected before the first.
    assert len(one.received) in (0, 1)
    assert len(two.received) == 2


def test_the_deadline_is_kept_by_the_client_s_own_clock() -> None:
    with FakeBroker(silent) as broker, Client(broker.endpoint) as client:
        with pytest.raises(boxwood.DeadlineExceeded) as caught:
            client.caption(png(), timeout=0.2)
        broker.wait_for(1, "CANCEL")
    assert isinstance(caught.value, TimeoutError)


def test_an_answer_that_comes_too_late_is_nobody_s() -> None:
    late: list[Message] = []

    def script(broker: FakeBroker, message: Message) -> None:
        if message.kind == "CANCEL":
            broker.respond(message, RESULT)
        elif late:
            broker.respond(message, result(DOG))
        else:
            late.append(message)

    with FakeBroker(script) as broker, Client(broker.endpoint) as client:
        with pytest.raises(boxwood.DeadlineExceeded):
            client.caption(png(), timeout=0.2)
        broker.wait_for(1, "CANCEL")
        assert client.caption(png()).caption == "dog"


def test_answers_may_come_in_any_order() -> None:
    waiting: list[Message] = []

    def script(broker: FakeBroker, message: Message) -> None:
        waiting.append(message)
        if len(waiting) == 2:
            for each in reversed(waiting):
                broker.respond(each, {**RESULT, "caption": each.body["labels"][0]})

    with FakeBroker(script) as broker, Client(broker.endpoint) as client:
        pending = [client.begin(Detect([name]), png()) for name in ("one", "two")]
        assert [each.result(5).caption for each in pending] == ["one", "two"]


@pytest.mark.parametrize(
    "frames",
    [
        [b"BXW1", b"RESPONSE", b"not json", b"{}"],
        [b"BXW1", b"EVENT", b'{"id":"somebody else"}', b""],
        [b"BXW1", b"SHOUT", b"{}", b""],
        [b"BXW9", b"RESPONSE", b"{}", b"{}"],
        [b""],
    ],
)
def test_noise_before_an_answer_does_no_harm(frames: list[bytes]) -> None:
    def script(broker: FakeBroker, message: Message) -> None:
        broker.send(message, *frames)
        broker.respond(message, RESULT)

    with FakeBroker(script) as broker, Client(broker.endpoint) as client:
        assert client.caption(png()).caption == "cat, dog"


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([b"BXW1", b"RESPONSE", b'{"id":"%s"}', b""], "MALFORMED_HEADER"),
        ([b"BXW1", b"RESPONSE", b'{"id":"%s","status":{"code":"OK"}}'], "MALFORMED_FRAMES"),
        ([b"BXW1", b"RESPONSE", b'{"id":"%s","status":{"code":"OK"}}', b"[1]"], "MALFORMED_BODY"),
        ([b"BXW1", b"RESPONSE", b'{"id":"%s","status":{"code":"OK"}}', b'{"id":"x"}'], "MALFORMED_BODY"),
    ],
)
def test_an_answer_that_cannot_be_read_is_an_internal_error(frames: list[bytes], reason: str) -> None:
    def script(broker: FakeBroker, message: Message) -> None:
        broker.send(message, *(frame.replace(b"%s", message.id.encode()) for frame in frames))

    with FakeBroker(script) as broker, Client(broker.endpoint) as client, pytest.raises(boxwood.InternalError) as caught:
        client.caption(png())
    assert caught.value.reason == reason


def test_nobody_there_is_said_soon() -> None:
    with FakeBroker(silent) as broker:
        nobody = broker.endpoint
    with Client(nobody, connect_timeout=0.2) as client, pytest.raises(boxwood.Unavailable, match="boxwood up") as caught:
        client.caption(png())
    assert (caught.value.reason, caught.value.retryable, caught.value.retry_after) == ("NO_BROKER", True, None)


def test_one_client_serves_many_threads() -> None:
    def script(broker: FakeBroker, message: Message) -> None:
        broker.respond(message, {**RESULT, "caption": message.body["labels"][0]})

    heard: dict[str, str] = {}

    def ask(client: Client, number: int) -> None:
        for turn in range(20):
            name = f"{number}-{turn}"
            heard[name] = client.detect(png(), [name]).caption

    with FakeBroker(script) as broker, Client(broker.endpoint) as client:
        threads = [threading.Thread(target=ask, args=(client, number)) for number in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert len(heard) == 160
    assert all(name == caption for name, caption in heard.items())
    assert len({message.peer for message in broker.received}) == 1


# Cancelling.


def test_leaving_the_block_of_a_pending_call_cancels_it() -> None:
    with FakeBroker(silent) as broker, Client(broker.endpoint) as client:
        with client.begin(Caption(), png()) as pending:
            (request,) = broker.wait_for(1)
        (cancel,) = broker.wait_for(1, "CANCEL")
        assert cancel.id == request.id
        with pytest.raises(boxwood.Cancelled):
            pending.result(5)


def test_waiting_for_a_while_leaves_the_call_alone() -> None:
    waiting: list[Message] = []
    with FakeBroker(lambda _, message: waiting.append(message)) as broker, Client(broker.endpoint) as client:
        with client.begin(Caption(), png()) as pending:
            with pytest.raises(boxwood.DeadlineExceeded, match="goes on"):
                pending.result(0.05)
            broker.wait_for(1)
            broker.order(lambda: broker.respond(waiting[0], RESULT))
            assert pending.result(5).caption == "cat, dog"
            assert pending.is_done
        assert broker.of_kind("CANCEL") == []


def test_what_interrupts_the_waiting_cancels_the_call() -> None:
    class Interruption(BaseException):
        pass

    def interrupt(*_: object) -> None:
        raise Interruption

    with FakeBroker(silent) as broker, Client(broker.endpoint) as client:
        before = signal.signal(signal.SIGALRM, interrupt)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(Interruption):
                client.caption(png())
        finally:
            signal.signal(signal.SIGALRM, before)
        broker.wait_for(1, "CANCEL")


def test_closing_ends_what_is_open() -> None:
    with FakeBroker(silent) as broker:
        client = Client(broker.endpoint)
        pending = client.begin(Caption(), png())
        broker.wait_for(1)
        client.close()
        client.close()
        broker.wait_for(1, "CANCEL")
        with pytest.raises(boxwood.Cancelled):
            pending.result(5)
        with pytest.raises(boxwood.Cancelled, match="closed"):
            client.caption(png())


def test_a_client_that_is_forgotten_lets_go_of_its_thread() -> None:
    with FakeBroker(answering(RESULT)) as broker:
        client = Client(broker.endpoint)
        client.caption(png())
        (thread,) = [each for each in threading.enumerate() if each.name == "boxwood-client"]
        del client
        gc.collect()
        thread.join(10)
        assert not thread.is_alive()


# Where it lives.


def test_nothing_is_connected_before_the_first_call() -> None:
    before = threading.active_count()
    client = Client("tcp://127.0.0.1:1")
    assert threading.active_count() == before
    client.close()


@pytest.mark.parametrize("again", [lambda it: pickle.loads(pickle.dumps(it)), copy.deepcopy])
def test_a_copy_connects_by_itself(again: Callable[[Client], Client]) -> None:
    with FakeBroker(answering(RESULT)) as broker, Client(broker.endpoint, timeout=7) as client:
        client.caption(png())
        with again(client) as other:
            other.caption(png())
            assert other.configuration == client.configuration
    one, two = broker.received
    assert one.peer != two.peer
    assert two.header["timeout_ms"] <= 7000


@pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")
def test_a_child_process_has_a_connection_of_its_own() -> None:
    with FakeBroker(answering(RESULT)) as broker, Client(broker.endpoint) as client:
        client.caption(png())
        child = os.fork()
        if child == 0:
            # Nothing of the test's own must run here.
            try:
                client.caption(png())
                client.close()
                os._exit(0)
            except BaseException:  # noqa: BLE001
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        client.caption(png())
    one, two, three = broker.received
    assert one.peer == three.peer != two.peer


def test_a_program_that_forgets_to_close_ends(tmp_path: Path) -> None:
    program = tmp_path / "forgetful.py"
    program.write_text(
        "import boxwood, sys\n"
        "client = boxwood.Client(sys.argv[1])\n"
        "pending = client.begin(boxwood.Caption(), sys.argv[2])\n"
        "print(client.discover())\n"
    )
    picture = tmp_path / "picture.png"
    picture.write_bytes(png())

    def script(broker: FakeBroker, message: Message) -> None:
        if message.kind == "REQUEST" and "Discovery" in message.header["method"]:
            broker.respond(message, {"server": "pretended"})

    with FakeBroker(script) as broker:
        command = [sys.executable, "-W", "error", str(program), broker.endpoint, str(picture)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        broker.wait_for(1, "CANCEL")
    assert (done.returncode, done.stdout, done.stderr) == (0, "{'server': 'pretended'}\n", "")


# Streams.

ONE = {"caption": "cat", "entity": result(CAT)["entities"][0]}


def stream_script(broker: FakeBroker, message: Message) -> None:
    if message.kind == "REQUEST":
        broker.event(message, 0, ONE)
        broker.respond(message, result(CAT, DOG), events_left_out=1)


def test_a_stream_tells_all_whatever_was_left_out() -> None:
    with FakeBroker(stream_script) as broker, Client(broker.endpoint) as client:
        with client.stream(Detect(["cat", "dog"]), png(), window=3) as events:
            heard = list(events)
            whole = events.result()
    assert broker.received[0].header["event_window"] == 3
    assert "".join(event.caption for event in heard) == whole.caption == "cat, dog"
    assert tuple(event.entity for event in heard) == whole.entities
    assert list(events) == []


def test_a_stream_grants_as_it_is_read() -> None:
    tell = [{"caption": "", "entity": None}] * 4

    def script(broker: FakeBroker, message: Message) -> None:
        if message.kind == "REQUEST":
            for sequence, body in enumerate(tell):
                broker.event(message, sequence, body)
        else:
            broker.respond(message, RESULT)

    with FakeBroker(script) as broker, Client(broker.endpoint) as client, client.stream(Caption(), png(), window=4) as events:
        next(events)
        assert broker.of_kind("GRANT") == []
        next(events)
        (grant,) = broker.wait_for(1, "GRANT")
    assert grant.header["events"] == 2


def test_an_event_that_cannot_be_read_is_told_from_the_result() -> None:
    def script(broker: FakeBroker, message: Message) -> None:
        broker.event(message, 0, {"caption": "cat", "entity": {"phrase": "cat"}})
        broker.event(message, 1, {"caption": ", dog", "entity": result(CAT, DOG)["entities"][1]})
        broker.respond(message, result(CAT, DOG))

    with FakeBroker(script) as broker, Client(broker.endpoint) as client, client.stream(Caption(), png()) as events:
        assert [event.caption for event in events] == ["cat", ", dog"]


def test_leaving_the_block_of_a_stream_cancels_it() -> None:
    def script(broker: FakeBroker, message: Message) -> None:
        if message.kind == "REQUEST":
            broker.event(message, 0, ONE)

    with FakeBroker(script) as broker, Client(broker.endpoint) as client:
        with client.stream(Caption(), png()) as events:
            assert next(events).caption == "cat"
        broker.wait_for(1, "CANCEL")
        with pytest.raises(StopIteration):
            next(events)
        with pytest.raises(boxwood.Cancelled):
            events.result()


def test_a_stream_ends_with_the_error_of_its_call() -> None:
    def script(broker: FakeBroker, message: Message) -> None:
        broker.event(message, 0, ONE)
        broker.respond(message, code="DATA_LOSS", message="poison")

    with FakeBroker(script) as broker, Client(broker.endpoint) as client, client.stream(Caption(), png()) as events:
        assert next(events).caption == "cat"
        for _ in range(2):
            with pytest.raises(boxwood.DataLoss):
                next(events)


@pytest.mark.parametrize("window", [0, 1025])
def test_a_window_that_no_call_can_have_is_refused(window: int) -> None:
    with Client("tcp://127.0.0.1:1") as client, pytest.raises(ValueError, match="1 to 1024"):
        client.stream(Caption(), png(), window=window)


# The service.


def test_watching_tells_changes_alone() -> None:
    states = ["NOT_SERVING", "NOT_SERVING", "SERVING", "SERVICE_UNKNOWN", "OF_A_LATER_VERSION"]

    def script(broker: FakeBroker, message: Message) -> None:
        if message.kind == "REQUEST":
            for sequence, state in enumerate(states):
                broker.event(message, sequence, {"status": state})
            broker.respond(message, code="UNAVAILABLE")

    with FakeBroker(script) as broker, Client(broker.endpoint) as client, client.watch_health() as heard:
        found = [next(heard) for _ in range(3)]
        with pytest.raises(boxwood.Unavailable):
            next(heard)
    assert found == [boxwood.Health.NOT_SERVING, boxwood.Health.SERVING, boxwood.Health.UNKNOWN]
    assert [bool(state) for state in found] == [False, True, False]
    assert len(broker.of_kind("REQUEST")) == 1


def test_a_service_that_is_not_ready_is_waited_for() -> None:
    def hopeful(broker: FakeBroker, message: Message) -> None:
        broker.event(message, 0, {"status": "NOT_SERVING"})
        broker.event(message, 1, {"status": "SERVING"})

    with FakeBroker(in_turn(refusing("UNAVAILABLE"), hopeful)) as broker, Client(broker.endpoint) as client:
        client.wait_until_ready(10)


def test_a_service_that_never_is_ready_is_given_up() -> None:
    def hopeless(broker: FakeBroker, message: Message) -> None:
        if message.kind == "REQUEST":
            broker.event(message, 0, {"status": "NOT_SERVING"})

    with FakeBroker(hopeless) as broker, Client(broker.endpoint) as client, pytest.raises(boxwood.DeadlineExceeded):
        client.wait_until_ready(0.2)


def test_any_method_can_be_called() -> None:
    with FakeBroker(answering({"dropped": 2})) as broker, Client(broker.endpoint) as client:
        assert client.call("/boxwood.v1.Admin/QuarantineDrop", {"all": True}) == {"dropped": 2}
    assert broker.received[0].body == {"all": True}
    assert broker.received[0].image is None


# What is refused here.


def test_what_is_too_large_does_not_leave() -> None:
    with FakeBroker(silent) as broker, Client(broker.endpoint) as client:
        with pytest.raises(boxwood.ResourceExhausted) as caught:
            client.caption(b"x" * (32 * 1024 * 1024 + 1))
        assert caught.value.details.metadata["limit_bytes"] == "33554432"
        assert not caught.value.retryable
        with pytest.raises(boxwood.ResourceExhausted):
            client.generate(png(), "x" * (4 * 1024 * 1024))
    assert broker.received == []


@pytest.mark.parametrize("timeout", [-1, 3601, float("nan")])
def test_a_timeout_that_is_none_is_refused(timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout"):
        Client(timeout=timeout)
    with Client("tcp://127.0.0.1:1") as client, pytest.raises(ValueError, match="timeout"):
        client.caption(png(), timeout=timeout)


def test_an_option_that_no_call_has_is_refused() -> None:
    with Client("tcp://127.0.0.1:1") as client, pytest.raises(TypeError, match="patience"):
        client.caption(png(), patience=3)  # type: ignore[call-arg]


def test_what_is_forgotten_is_cancelled() -> None:
    with FakeBroker(silent) as broker, Client(broker.endpoint) as client:
        pending = client.begin(Caption(), png())
        broker.wait_for(1)
        del pending
        broker.wait_for(1, "CANCEL")
        stream = client.stream(Caption(), png())
        broker.wait_for(2)
        del stream
        broker.wait_for(2, "CANCEL")


def test_a_call_keeps_its_client() -> None:
    waiting: list[Message] = []
    with FakeBroker(lambda _, message: waiting.append(message)) as broker:
        pending = Client(broker.endpoint).begin(Caption(), png())
        gc.collect()
        broker.wait_for(1)
        broker.order(lambda: broker.respond(waiting[0], RESULT))
        assert pending.result(5).caption == "cat, dog"


def test_a_thread_that_fails_ends_its_calls_and_the_next_one_gets_another(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("too many open files")

    with FakeBroker(answering(RESULT)) as broker, Client(broker.endpoint) as client:
        with monkeypatch.context() as patch:
            patch.setattr("boxwood.transport.Link", fail)
            with pytest.raises(boxwood.InternalError, match="too many open files"):
                client.caption(png())
        assert client.caption(png()).caption == "cat, dog"
