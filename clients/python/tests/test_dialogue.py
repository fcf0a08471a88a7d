# SPDX-License-Identifier: MIT
"""The state machine of open calls, event by event. Times are seconds of nobody's clock."""

from __future__ import annotations

import pytest

from boxwood.brokers import SHUNNING, Connection
from boxwood.dialogue import ANSWER_GRACE, OPEN_CALLS, Call, Dialogue, Effect, Ended, Outgoing, Told
from boxwood.frames import Cancel, Event, Grant, Malformed, Request, Response
from boxwood.retry import RetryPolicy
from boxwood.status import Code, Details, Status

OK = Status(Code.OK)


def dialogue(*endpoints: str, retry: RetryPolicy | None = None, jitter: float = 1.0) -> Dialogue:
    made = Dialogue(
        endpoints or ("tcp://127.0.0.1:1",), retry or RetryPolicy(), connect_timeout=2.0, jitter=lambda: jitter, prefix="t"
    )
    made.connection(Connection.MADE, 0, 0)
    return made


def call(deadline: float = 10.0, **more: object) -> Call:
    return Call("/a/b", b"body", deadline, image=b"image", idempotency_key="key", **more)  # type: ignore[arg-type]


def send(it: Dialogue, now: float) -> list[Outgoing]:
    """Sends all that there is."""
    sent = []
    while (outgoing := it.next_to_send(now)) is not None:
        it.sent(outgoing)
        sent.append(outgoing)
    return sent


def requests(sent: list[Outgoing]) -> list[Request]:
    return [each.message for each in sent if isinstance(each.message, Request)]


def opened(it: Dialogue, what: Call, now: float = 0.0, key: int = 1) -> Request:
    assert it.open(key, what, now) == []
    return requests(send(it, now))[-1]


def ending(effects: list[Effect]) -> tuple[int, Code, str]:
    (effect,) = effects
    assert isinstance(effect, Ended)
    return effect.key, effect.response.status.code, effect.response.status.reason


def unavailable(reason: str = "", delay: int | None = None) -> Status:
    return Status(Code.UNAVAILABLE, "", Details(reason=reason, retry_delay_ms=delay))


def test_requests_leave_in_order_with_the_time_that_is_left() -> None:
    it = dialogue()
    it.open(1, call(10), 0)
    it.open(2, call(5), 0)
    first, second = requests(send(it, 4.9995))
    assert (first.id, first.timeout_ms, first.image, first.idempotency_key) == ("t-1", 5000, b"image", "key")
    assert (second.id, second.timeout_ms) == ("t-2", 0)


def test_the_same_message_is_offered_until_it_is_sent() -> None:
    it = dialogue()
    it.open(1, call(), 0)
    one, other = it.next_to_send(0), it.next_to_send(1)
    assert one is not None
    assert other is not None
    assert one.message.id == other.message.id
    it.sent(other)
    assert it.next_to_send(1) is None


def test_a_call_ends_once() -> None:
    it = dialogue()
    request = opened(it, call())
    assert ending(it.received(Response(request.id, OK), 0, 1)) == (1, Code.OK, "")
    assert it.received(Response(request.id, OK), 0, 1) == []
    assert it.time_passed(99) == []
    assert it.cancel(1) == []
    assert it.close(OK) == []
    assert (it.open_count, it.strays) == (0, 1)


def test_nothing_is_sent_without_a_connection_and_the_call_ends_when_none_comes() -> None:
    it = Dialogue(["tcp://h:1"], RetryPolicy(), connect_timeout=2, jitter=lambda: 0, prefix="t")
    it.open(1, call(), 0)
    assert it.next_to_send(0) is None
    assert it.next_deadline == 2
    assert it.time_passed(1.9) == []
    # Not tried again: the caller has waited enough.
    assert ending(it.time_passed(2)) == (1, Code.UNAVAILABLE, "NO_BROKER")


def test_the_deadline_ends_a_call_and_its_work() -> None:
    it = dialogue()
    request = opened(it, call(3))
    assert it.next_deadline == 3
    assert ending(it.time_passed(3)) == (1, Code.DEADLINE_EXCEEDED, "")
    assert [each.message for each in send(it, 3)] == [Cancel(request.id)]
    # The broker's answer to that comes too late.
    assert it.received(Response(request.id, Status(Code.CANCELLED)), 0, 3) == []


def test_cancelled_after_the_deadline_is_told_as_such() -> None:
    it = dialogue()
    request = opened(it, call(3))
    assert ending(it.received(Response(request.id, Status(Code.CANCELLED)), 0, 3))[1] is Code.DEADLINE_EXCEEDED
    request = opened(it, call(9), 4, key=2)
    assert ending(it.received(Response(request.id, Status(Code.CANCELLED)), 0, 5))[1] is Code.CANCELLED


def test_a_cancelled_call_ends_at_once_and_its_broker_hears_of_it() -> None:
    it = dialogue()
    request = opened(it, call())
    assert ending(it.cancel(1)) == (1, Code.CANCELLED, "")
    assert [each.message for each in send(it, 0)] == [Cancel(request.id)]


def test_a_call_that_was_not_sent_is_cancelled_without_a_word() -> None:
    it = dialogue()
    it.open(1, call(), 0)
    assert ending(it.cancel(1))[1] is Code.CANCELLED
    assert send(it, 0) == []


def test_nobody_is_told_of_a_cancellation_on_a_connection_that_is_gone() -> None:
    it = dialogue()
    opened(it, call())
    it.connection(Connection.LOST, 0, 1)
    it.cancel(1)
    assert send(it, 1) == []
    it.connection(Connection.MADE, 0, 2)
    assert send(it, 2) == []


def test_a_lost_call_is_sent_again_under_another_id_and_the_same_key() -> None:
    it = dialogue()
    first = opened(it, call())
    it.connection(Connection.LOST, 0, 1)
    assert it.next_deadline == 1 + ANSWER_GRACE
    assert it.time_passed(1 + ANSWER_GRACE) == []
    it.connection(Connection.MADE, 0, 1.15)
    # After a pause of 0.1 s.
    assert send(it, 1.15) == []
    assert it.time_passed(1.21) == []
    (second,) = requests(send(it, 1.21))
    assert (second.id, second.idempotency_key, second.previous_attempts) == ("t-2", first.idempotency_key, 1)
    assert second.image == b"image"
    # The answer to the first comes too late.
    assert it.received(Response(first.id, OK), 0, 1.3) == []
    assert ending(it.received(Response(second.id, OK), 0, 1.4))[1] is Code.OK


def test_an_answer_may_come_a_moment_after_the_word_that_its_connection_is_gone() -> None:
    it = dialogue()
    request = opened(it, call())
    it.connection(Connection.LOST, 0, 1)
    assert ending(it.received(Response(request.id, OK), 0, 1.05))[1] is Code.OK


def test_the_delay_that_the_broker_names_is_kept() -> None:
    it = dialogue(jitter=0)
    request = opened(it, call())
    busy = Status(Code.RESOURCE_EXHAUSTED, "", Details(reason="QUEUE_FULL", retry_delay_ms=700))
    assert it.received(Response(request.id, busy), 0, 1) == []
    assert it.next_deadline == pytest.approx(1.7)
    assert it.time_passed(1.6) == []
    assert send(it, 1.6) == []
    it.time_passed(1.7)
    assert requests(send(it, 1.7))[0].previous_attempts == 1


@pytest.mark.parametrize(
    "status",
    [
        Status(Code.INVALID_ARGUMENT),
        Status(Code.RESOURCE_EXHAUSTED),
        Status(Code.RESOURCE_EXHAUSTED, "", Details(reason="NO_TIME", retry_delay_ms=5)),
        Status(Code.INTERNAL),
        Status(Code.DATA_LOSS),
        unavailable("NO_WORKER", 5),
        unavailable("", 60_000),
    ],
)
def test_what_would_not_end_otherwise_is_not_tried_again(status: Status) -> None:
    it = dialogue()
    request = opened(it, call())
    assert ending(it.received(Response(request.id, status), 0, 1)) == (1, status.code, status.reason)


def test_attempts_are_counted() -> None:
    it = dialogue(jitter=0)
    opened(it, call())
    for attempt in (1, 2):
        assert it.received(Response(f"t-{attempt}", unavailable()), 0, 1) == []
        it.time_passed(1)
        assert requests(send(it, 1))[0].previous_attempts == attempt
    (effect,) = it.received(Response("t-3", unavailable()), 0, 1)
    assert isinstance(effect, Ended)
    assert effect.tries == 3


def test_a_client_in_trouble_stops_asking_again() -> None:
    it = dialogue(retry=RetryPolicy(attempts=2, tokens=4), jitter=0)
    codes = []
    for key in range(1, 4):
        opened(it, call(), key=key)
        effects = it.received(Response(f"t-{key}", unavailable()), 0, 0)
        codes.append(bool(effects))
    # Four tokens, of which more than two have to be there: one call is tried again and the second is not.
    assert codes == [False, True, True]


def test_a_draining_broker_is_left_for_another_at_once() -> None:
    it = dialogue("tcp://a:1", "tcp://b:1", jitter=0)
    it.connection(Connection.MADE, 1, 0)
    request = opened(it, call())
    assert it.received(Response(request.id, unavailable("DRAINING", 5000)), 0, 1) == []
    it.time_passed(1)
    (outgoing,) = send(it, 1)
    assert outgoing.broker == 1
    # The second is at hand then, also when the first is shunned no more.
    it.time_passed(1 + SHUNNING)
    it.open(2, call(), 7)
    assert [each.broker for each in send(it, 7)] == [1]
    # Until it is gone.
    it.connection(Connection.LOST, 1, 8)
    it.open(3, call(), 8)
    assert [each.broker for each in send(it, 8)] == [0]


def test_a_call_waits_for_another_broker_when_its_own_is_gone() -> None:
    it = dialogue("tcp://a:1", "tcp://b:1", jitter=0)
    opened(it, call())
    it.connection(Connection.LOST, 0, 1)
    it.time_passed(1.2)
    it.time_passed(1.2)
    assert send(it, 1.2) == []
    it.connection(Connection.MADE, 1, 1.5)
    assert [(each.broker, each.message.id) for each in send(it, 1.5)] == [(1, "t-2")]


def test_a_response_without_an_id_is_that_of_the_only_open_call() -> None:
    it = dialogue()
    opened(it, call())
    assert ending(it.received(Response("", Status(Code.INTERNAL)), 0, 1))[1] is Code.INTERNAL
    opened(it, call(), key=2)
    opened(it, call(), key=3)
    assert it.received(Response("", Status(Code.INTERNAL)), 0, 1) == []
    assert it.strays == 1


def test_garbage_ends_the_call_that_it_speaks_of() -> None:
    it = dialogue()
    request = opened(it, call())
    assert it.received_garbage(Malformed("MALFORMED_HEADER", ""), 1) == []
    assert ending(it.received_garbage(Malformed("MALFORMED_HEADER", "", request.id), 1)) == (1, Code.INTERNAL, "MALFORMED_HEADER")
    assert it.violations == 2


def test_more_than_the_limit_of_open_calls_is_refused() -> None:
    it = dialogue()
    for key in range(OPEN_CALLS):
        assert it.open(key, call(), 0) == []
    assert ending(it.open(OPEN_CALLS, call(), 0))[1] is Code.RESOURCE_EXHAUSTED
    it.cancel(0)
    assert it.open(OPEN_CALLS + 1, call(), 0) == []


def test_closing_ends_every_call_and_tells_their_brokers() -> None:
    it = dialogue()
    opened(it, call())
    it.connection(Connection.LOST, 0, 0)
    it.open(2, call(), 0)
    it.connection(Connection.MADE, 0, 0)
    effects = it.close(Status(Code.CANCELLED))
    assert sorted(effect.key for effect in effects) == [1, 2]
    assert [each.message for each in send(it, 0)] == [Cancel("t-1")]


def told(effects: list[Effect]) -> list[int]:
    return [effect.event.sequence for effect in effects if isinstance(effect, Told)]


def test_events_come_once_over_all_attempts() -> None:
    it = dialogue(jitter=0)
    request = opened(it, call(event_window=8))
    assert request.event_window == 8
    assert told(it.received(Event(request.id, 0, b""), 0, 1)) == [0]
    assert told(it.received(Event(request.id, 1, b""), 0, 1)) == [1]
    it.received(Response(request.id, unavailable()), 0, 1)
    it.time_passed(1)
    (second,) = requests(send(it, 1))
    # It tells the same from the beginning.
    heard = [told(it.received(Event(second.id, sequence, b""), 0, 1)) for sequence in range(4)]
    assert heard == [[], [], [2], [3]]
    # And what follows a gap is of no use.
    assert told(it.received(Event(second.id, 5, b""), 0, 1)) == []


def test_half_a_window_taken_is_granted() -> None:
    it = dialogue()
    request = opened(it, call(event_window=4))
    it.taken(1)
    assert send(it, 1) == []
    it.taken(1)
    assert [each.message for each in send(it, 1)] == [Grant(request.id, 2)]
    it.taken(99)
    assert send(it, 1) == []


def test_events_that_are_not_told_count_as_taken() -> None:
    it = dialogue(jitter=0)
    first = opened(it, call(event_window=2))
    it.received(Event(first.id, 0, b""), 0, 0)
    it.received(Response(first.id, unavailable()), 0, 0)
    it.time_passed(0)
    (second,) = requests(send(it, 0))
    it.received(Event(second.id, 0, b""), 0, 0)
    assert [each.message for each in send(it, 0)] == [Grant(second.id, 1)]


def test_events_that_nobody_asked_for_are_strays() -> None:
    it = dialogue()
    request = opened(it, call())
    assert it.received(Event(request.id, 0, b""), 0, 1) == []
    assert it.received(Event("other", 0, b""), 0, 1) == []
    assert it.strays == 2


def test_a_watch_hears_everything_and_is_not_begun_again() -> None:
    it = dialogue()
    request = opened(it, call(is_watch=True))
    assert [told(it.received(Event(request.id, sequence, b""), 0, 1)) for sequence in (3, 3, 7)] == [[3], [3], [7]]
    assert ending(it.received(Response(request.id, unavailable()), 0, 1))[1] is Code.UNAVAILABLE


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([Connection.KEY_REFUSED], Code.UNAUTHENTICATED),
        ([Connection.MECHANISM_REFUSED], Code.UNAUTHENTICATED),
        ([Connection.GREETING_CUT] * 2, Code.UNAVAILABLE),
        ([Connection.GREETING_CUT] * 3, Code.UNAUTHENTICATED),
    ],
)
def test_why_nobody_answers_is_told(events: list[Connection], code: Code) -> None:
    it = Dialogue(["tcp://h:1"], RetryPolicy(), connect_timeout=2, jitter=lambda: 0, prefix="t")
    for event in events:
        it.connection(event, 0, 0)
    it.open(1, call(), 0)
    assert ending(it.time_passed(2))[1] is code
