# SPDX-License-Identifier: MIT
"""How a call ended: gRPC's 17 codes, a text for people, and typed details for programs."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Code(enum.IntEnum):
    """The numbers and their meaning are gRPC's."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16

    @classmethod
    def parse(cls, value: object) -> Code:
        """A code as protobuf's JSON has it, by name or number; what is neither is UNKNOWN."""
        if isinstance(value, str):
            return cls.__members__.get(value, cls.UNKNOWN)
        if isinstance(value, int) and not isinstance(value, bool) and value in cls._value2member_map_:
            return cls(value)
        return cls.UNKNOWN


@dataclass(frozen=True)
class Violation:
    """One field of the request that is wrong."""

    field: str
    """Its path: `labels[3]`, `options.threshold`; `image` is the picture."""
    description: str


@dataclass(frozen=True)
class Details:
    """What a status says to a program."""

    violations: tuple[Violation, ...] = ()
    retry_delay_ms: int | None = None
    """When it makes sense to ask again, computed by whoever refused; `None`: nobody knows."""
    reason: str = ""
    """The cause in a word that never changes, as `QUEUE_FULL`."""
    metadata: Mapping[str, str] = field(default_factory=lambda: _NOTHING, hash=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Details, (self.violations, self.retry_delay_ms, self.reason, dict(self.metadata)))


@dataclass(frozen=True)
class Status:
    """How a call ended."""

    code: Code
    message: str = ""
    details: Details = field(default_factory=Details)

    @property
    def is_ok(self) -> bool:
        return self.code is Code.OK

    @property
    def reason(self) -> str:
        return self.details.reason

    @property
    def wants_another_broker(self) -> bool:
        """Whether another broker may have what this one has not."""
        return self.code is Code.UNAVAILABLE and self.reason in ("DRAINING", "NO_WORKER")

    @property
    def is_retryable(self) -> bool:
        """Whether the same request can end otherwise without anybody's mending it."""
        if self.code is Code.RESOURCE_EXHAUSTED:
            return self.details.retry_delay_ms is not None
        return self.code is Code.UNAVAILABLE

    @classmethod
    def of(cls, code: Code, message: str, reason: str = "") -> Status:
        return cls(code, message, Details(reason=reason))

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> Status:
        """The Status message in protobuf's JSON. Details of unknown kinds are skipped."""
        return cls(Code.parse(value.get("code", 0)), str(value.get("message", "")), _details(value.get("details", ())))


def _details(values: Any) -> Details:
    violations: list[Violation] = []
    delay: int | None = None
    reason, metadata = "", dict[str, str]()
    for value in values:
        if "bad_request" in value:
            found = value["bad_request"].get("field_violations", ())
            violations += [Violation(each.get("field", ""), each.get("description", "")) for each in found]
        elif "retry_info" in value:
            delay = int(value["retry_info"].get("retry_delay_ms", 0))
        elif "error_info" in value:
            reason = value["error_info"].get("reason", "")
            metadata = dict(value["error_info"].get("metadata", {}))
    return Details(tuple(violations), delay, reason, MappingProxyType(metadata))
