# SPDX-License-Identifier: MIT
"""All open calls of a client, with their retries: a state machine that decides and does nothing. It has no socket and no clock;
times are seconds of whatever monotonic clock the caller has.

A call is `waiting` for a connection, then `sent`, perhaps `pausing` before it waits again, and leaves exactly once, as an `Ended`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .brokers import BrokerChoice, Connection
from .frames import Cancel, Event, Grant, Malformed, Request, Response
from .limits import MAX_TIMEOUT
from .retry import RetryPolicy, Throttle
from .status import Code, Status

ANSWER_GRACE = 0.1
"""Seconds in which an answer may still come after the word that its connection is gone."""

OPEN_CALLS = 1024
"""Calls beyond this many open ones are refused."""

_LATE = Status.of(Code.DEADLINE_EXCEEDED, "the call's time was up before an answer came")
_LOST = Status.of(Code.UNAVAILABLE, "the connection to the broker was lost before an answer came")
_CANCELLED = Status.of(Code.CANCELLED, "the caller cancelled the call")
_TOO_MANY = Status.of(Code.RESOURCE_EXHAUSTED, f"the client has {OPEN_CALLS} open calls, its limit")


@dataclass(frozen=True)
class Call:
    """What a caller wants, whatever number of attempts it takes."""

    method: str
    body: bytes
    deadline: float
    image: bytes | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str = ""
    traceparent: str = ""
    is_batch: bool = False
    pixels: int = 0
    event_window: int = 0
    """Events of a task that may be on their way or wait to be read; 0: none are wanted."""
    is_watch: bool = False
    """A method that answers with messages of its own: sent once, and every one of them counts."""


@dataclass(frozen=True)
class Told:
    """A call's next event."""

    key: int
    event: Event


@dataclass(frozen=True)
class Ended:
    """A call's one end."""

    key: int
    response: Response
    tries: int


Effect = Told | Ended


@dataclass(frozen=True)
class Outgoing:
    """A message for a broker, which is on its way only when `Dialogue.sent` hears of it."""

    broker: int
    message: Request | Cancel | Grant
    key: int | None = None


@dataclass
class _Entry:
    call: Call
    connect_deadline: float
    attempt: int = 1
    id: str = ""
    """Of the attempt that is sent; empty while there is none."""
    broker: int = -1
    lost_at: float | None = None
    resumes_at: float | None = None
    next_sequence: int = 0
    taken: int = 0

    @property
    def next_deadline(self) -> float:
        if self.resumes_at is not None:
            return min(self.call.deadline, self.resumes_at)
        if not self.id:
            return min(self.call.deadline, self.connect_deadline)
        return self.call.deadline if self.lost_at is None else min(self.call.deadline, self.lost_at)


class Dialogue:
    """
    :param jitter: draws from 0 to 1.
    :param prefix: with which the ids of this client's calls begin.
    """

    def __init__(
        self,
        endpoints: Sequence[str],
        retry: RetryPolicy,
        *,
        connect_timeout: float,
        jitter: Callable[[], float],
        prefix: str,
    ) -> None:
        self._choice = BrokerChoice(endpoints)
        self._retry = retry
        self._throttle = Throttle(retry)
        self._connect_timeout = connect_timeout
        self._jitter = jitter
        self._prefix = prefix
        self._attempts = 0
        self._entries: dict[int, _Entry] = {}
        self._keys: dict[str, int] = {}
        self._waiting: deque[int] = deque()
        """In the order of their opening; may name calls that are over."""
        self._notes: deque[Outgoing] = deque()
        """CANCELs and GRANTs."""
        self.strays = 0
        """Answers for no open call: late, repeated, or somebody else's."""
        self.violations = 0
        """What came that was no message."""

    @property
    def open_count(self) -> int:
        return len(self._entries)

    @property
    def next_deadline(self) -> float | None:
        """When `time_passed` will have something to do."""
        times = [entry.next_deadline for entry in self._entries.values()]
        shunning = self._choice.next_deadline
        return min(times if shunning is None else [*times, shunning], default=None)

    def open(self, key: int, call: Call, now: float) -> list[Effect]:
        """:param key: the caller's own for this call, never used before."""
        if len(self._entries) >= OPEN_CALLS:
            return [Ended(key, Response("", _TOO_MANY), 0)]
        self._entries[key] = _Entry(call, now + self._connect_timeout)
        self._waiting.append(key)
        return []

    def cancel(self, key: int) -> list[Effect]:
        """The caller lost interest."""
        entry = self._entries.get(key)
        return [] if entry is None else self._give_up(key, entry, _CANCELLED)

    def taken(self, key: int) -> None:
        """The reader of a call took an event. Not each is worth a message to the broker."""
        entry = self._entries.get(key)
        if entry is not None:
            self._count_taken(entry)

    def close(self, status: Status) -> list[Effect]:
        """Ends every call."""
        return [effect for key, entry in list(self._entries.items()) for effect in self._give_up(key, entry, status)]

    def connection(self, event: Connection, broker: int, now: float) -> None:
        """What was sent on a connection that is gone gets no answer any more."""
        self._choice.connection(event, broker)
        if event is not Connection.LOST:
            return
        for entry in self._entries.values():
            if entry.id and entry.broker == broker and entry.lost_at is None:
                entry.lost_at = now + ANSWER_GRACE

    def received(self, message: Event | Response, broker: int, now: float) -> list[Effect]:
        if isinstance(message, Event):
            return self._heard(message)
        # Also where the call itself is over.
        if message.status.wants_another_broker:
            self._choice.shun(broker, now)
        key = self._owner(message.id)
        if key is None:
            self.strays += 1
            return []
        entry = self._entries[key]
        # After the deadline the caller hears DEADLINE_EXCEEDED, whoever cancelled the call for it.
        if message.status.code is Code.CANCELLED and now >= entry.call.deadline:
            message = Response(message.id, _LATE)
        return self._attempt_over(key, entry, message, now)

    def received_garbage(self, fault: Malformed, now: float) -> list[Effect]:
        """Ends the call that it speaks of, where it shows one: its answer will not come any better."""
        self.violations += 1
        key = self._keys.get(fault.id)
        return [] if key is None else self._attempt_over(key, self._entries[key], Response(fault.id, fault.status), now)

    def time_passed(self, now: float) -> list[Effect]:
        self._choice.time_passed(now)
        effects: list[Effect] = []
        for key, entry in list(self._entries.items()):
            if now >= entry.call.deadline:
                effects += self._give_up(key, entry, _LATE)
            elif entry.resumes_at is not None:
                if now >= entry.resumes_at:
                    self._wait_again(key, entry, now)
            elif entry.id:
                if entry.lost_at is not None and now >= entry.lost_at:
                    effects += self._attempt_over(key, entry, Response(entry.id, _LOST), now)
            elif now >= entry.connect_deadline:
                effects += self._attempt_over(key, entry, Response("", self._choice.absence), now)
        return effects

    def next_to_send(self, now: float) -> Outgoing | None:
        """The next message, with what is left of its call's time; the same again until `sent` hears of it."""
        while self._notes:
            # Nobody is left to cancel anything once the connection is gone.
            if self._choice.is_connected(self._notes[0].broker):
                return self._notes[0]
            self._notes.popleft()
        broker = self._choice.current
        while broker is not None and self._waiting:
            key = self._waiting[0]
            entry = self._entries.get(key)
            if entry is not None and not entry.id and entry.resumes_at is None:
                return Outgoing(broker, self._request(entry, now), key)
            self._waiting.popleft()
        return None

    def sent(self, outgoing: Outgoing) -> None:
        """What `next_to_send` gave is on its way."""
        if outgoing.key is None:
            self._notes.popleft()
            return
        self._waiting.popleft()
        self._attempts += 1
        entry = self._entries[outgoing.key]
        entry.id, entry.broker, entry.taken = outgoing.message.id, outgoing.broker, 0
        self._keys[entry.id] = outgoing.key

    def _request(self, entry: _Entry, now: float) -> Request:
        call = entry.call
        left = min(max(0.0, call.deadline - now), MAX_TIMEOUT)
        return Request(
            id=f"{self._prefix}-{self._attempts + 1}",
            method=call.method,
            body=call.body,
            image=call.image,
            timeout_ms=int(left * 1000),
            metadata=call.metadata,
            idempotency_key=call.idempotency_key,
            traceparent=call.traceparent,
            previous_attempts=entry.attempt - 1,
            is_batch=call.is_batch,
            pixels=call.pixels,
            event_window=call.event_window,
        )

    def _owner(self, id: str) -> int | None:  # noqa: A002
        """An answer without an id is to a request whose header could not be read: the only open call, if there is one."""
        if not id and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(id)

    def _heard(self, event: Event) -> list[Effect]:
        key = self._keys.get(event.id)
        entry = None if key is None else self._entries[key]
        if key is None or entry is None or not (entry.call.event_window or entry.call.is_watch):
            self.strays += 1
            return []
        if not entry.call.is_watch:
            # Another attempt tells the same from the beginning; and what follows a gap is of no use.
            if event.sequence != entry.next_sequence:
                self._count_taken(entry)
                return []
            entry.next_sequence += 1
        return [Told(key, event)]

    def _count_taken(self, entry: _Entry) -> None:
        entry.taken += 1
        if entry.id and entry.call.event_window and entry.taken * 2 >= entry.call.event_window:
            self._notes.append(Outgoing(entry.broker, Grant(entry.id, entry.taken)))
            entry.taken = 0

    def _attempt_over(self, key: int, entry: _Entry, response: Response, now: float) -> list[Effect]:
        self._forget_attempt(entry)
        if response.status.is_ok:
            self._throttle.succeeded()
            return [self._end(key, entry, response)]
        pause = self._pause(entry, response.status, now)
        if pause is None:
            return [self._end(key, entry, response)]
        entry.attempt += 1
        entry.resumes_at = now + pause
        return []

    def _pause(self, entry: _Entry, status: Status, now: float) -> float | None:
        if entry.call.is_watch:
            return None
        brokers = len(self._choice)
        self._throttle.failed(status, brokers)
        if not self._throttle.is_open:
            return None
        return self._retry.pause(status, entry.attempt, brokers, entry.call.deadline - now, self._jitter())

    def _wait_again(self, key: int, entry: _Entry, now: float) -> None:
        entry.resumes_at = None
        entry.connect_deadline = now + self._connect_timeout
        self._waiting.append(key)

    def _give_up(self, key: int, entry: _Entry, status: Status) -> list[Effect]:
        """Ends a call that a broker may still work on."""
        if entry.id:
            self._notes.append(Outgoing(entry.broker, Cancel(entry.id)))
        response = Response(entry.id, status)
        self._forget_attempt(entry)
        return [self._end(key, entry, response)]

    def _end(self, key: int, entry: _Entry, response: Response) -> Ended:
        del self._entries[key]
        return Ended(key, response, entry.attempt)

    def _forget_attempt(self, entry: _Entry) -> None:
        self._keys.pop(entry.id, None)
        entry.id, entry.broker, entry.lost_at = "", -1, None
