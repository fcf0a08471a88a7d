# SPDX-License-Identifier: MIT
"""What a stream's messages mean, whoever waits for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from . import queries, service
from .errors import BoxwoodError, error_of
from .frames import Event, Response, decode_body
from .results import EntityEvent, Result, Trail

T = TypeVar("T")


class Reading(Generic[T]):
    def event(self, event: Event) -> Sequence[T]:
        """What a reader hears of an event; it counts as taken then."""
        raise NotImplementedError

    def end(self, response: Response) -> Sequence[T]:
        """What a reader hears at the end.

        :raises BoxwoodError: the one that the stream ended with.
        """
        raise NotImplementedError


class EntityReading(Reading[EntityEvent]):
    """All events come, whatever was left out on the way: the result says what they would have said."""

    def __init__(self) -> None:
        self._trail = Trail()
        self._is_torn = False
        self.result: Result | None = None

    def event(self, event: Event) -> Sequence[EntityEvent]:
        if self._is_torn:
            return []
        try:
            told = EntityEvent.parse(decode_body(event.body))
        except (BoxwoodError, KeyError, TypeError, ValueError):
            # As good as left out, and so is what follows.
            self._is_torn = True
            return []
        self._trail.note(told)
        return [told]

    def end(self, response: Response) -> Sequence[EntityEvent]:
        if not response.status.is_ok:
            raise error_of(response.status)
        self.result = queries.result(response)
        return self._trail.rest(self.result)


class HealthReading(Reading[service.Health]):
    """The state at once and on every change. The broker repeats itself, to see whether somebody listens."""

    def __init__(self) -> None:
        self._last: service.Health | None = None

    def event(self, event: Event) -> Sequence[service.Health]:
        state = service.health(decode_body(event.body))
        if state is self._last:
            return []
        self._last = state
        return [state]

    def end(self, response: Response) -> Sequence[service.Health]:
        if not response.status.is_ok:
            raise error_of(response.status)
        return []
