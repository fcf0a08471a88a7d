# SPDX-License-Identifier: MIT
"""Which of several brokers is spoken to: the first that is connected, in the order given, and then that one until it is gone,
stops, or has no worker. A value without a socket or a clock."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from .status import Code, Status

SHUNNING = 5.0
"""Seconds for which a broker that takes no calls is left alone while there is another."""

PATIENCE = 3
"""A broker that stops may close a connection in the middle of the greetings, too; one that does so again and again has something
against the connection."""


class Connection(enum.Enum):
    """What has become of the connection to a broker."""

    MADE = "made"
    """With both sides' greetings exchanged."""
    LOST = "lost"
    KEY_REFUSED = "key refused"
    MECHANISM_REFUSED = "mechanism refused"
    """One side has keys and the other has none."""
    GREETING_CUT = "greeting cut"
    """Closed in the middle of the greetings: whoever sees first that they do not agree does so."""


@dataclass
class _Broker:
    endpoint: str
    is_connected: bool = False
    shunned_until: float | None = None
    refusal: Connection | None = None
    cuts: int = 0

    @property
    def is_good(self) -> bool:
        return self.is_connected and self.shunned_until is None


class BrokerChoice:
    def __init__(self, endpoints: Sequence[str]) -> None:
        self._brokers = [_Broker(endpoint) for endpoint in endpoints]
        self.current: int | None = None
        """The one that the next message goes to; `None` where none is connected."""

    def __len__(self) -> int:
        return len(self._brokers)

    def is_connected(self, broker: int) -> bool:
        return self._brokers[broker].is_connected

    def connection(self, event: Connection, broker: int) -> None:
        it = self._brokers[broker]
        if event is Connection.MADE:
            # Whoever listens there now may be another process.
            self._brokers[broker] = _Broker(it.endpoint, is_connected=True)
        elif event is Connection.LOST:
            it.is_connected = False
        elif event is Connection.GREETING_CUT:
            it.cuts += 1
            if it.cuts >= PATIENCE and it.refusal is None:
                it.refusal = Connection.MECHANISM_REFUSED
        else:
            it.refusal = event
        self._choose()

    def shun(self, broker: int, now: float) -> None:
        """It takes no calls for now."""
        if len(self._brokers) > 1:
            self._brokers[broker].shunned_until = now + SHUNNING
            self._choose()

    def time_passed(self, now: float) -> None:
        for broker in self._brokers:
            if broker.shunned_until is not None and now >= broker.shunned_until:
                broker.shunned_until = None
        self._choose()

    @property
    def next_deadline(self) -> float | None:
        return min((it.shunned_until for it in self._brokers if it.shunned_until is not None), default=None)

    @property
    def absence(self) -> Status:
        """Why a call could not be sent to any."""
        places = ", ".join(broker.endpoint for broker in self._brokers)
        who = f"the broker at {places} does" if len(self) == 1 else f"the brokers at {places} do"
        refusals = {broker.refusal for broker in self._brokers}
        if Connection.KEY_REFUSED in refusals:
            return Status.of(Code.UNAUTHENTICATED, f"{who} not let this key in", "KEY")
        if Connection.MECHANISM_REFUSED in refusals:
            message = f"{who} not agree with this client on whether to use keys"
            return Status.of(Code.UNAUTHENTICATED, message, "KEY")
        message = f"no broker answers at {places}; start one with: boxwood up"
        return Status.of(Code.UNAVAILABLE, message, "NO_BROKER")

    def _choose(self) -> None:
        """One that takes calls before one that does not, and the one at hand before others."""
        if self.current is not None and self._brokers[self.current].is_good:
            return
        start = 0 if self.current is None else self.current + 1
        order = [(start + step) % len(self._brokers) for step in range(len(self._brokers))]
        good = [index for index in order if self._brokers[index].is_good]
        at_hand = [] if self.current is None else [self.current]
        connected = [index for index in [*at_hand, *order] if self._brokers[index].is_connected]
        self.current = next(iter(good + connected), None)
