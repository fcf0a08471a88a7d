# SPDX-License-Identifier: MIT
"""One class of error for each status code, so that `except` can say what it means."""

from __future__ import annotations

from typing import Any

from .status import Code, Details, Status, Violation


class BoxwoodError(Exception):
    """A call that did not end with OK. Catch it for all of them."""

    def __init__(self, status: Status) -> None:
        super().__init__(str(status.message) or status.code.name)
        self.status = status

    @property
    def code(self) -> Code:
        return self.status.code

    @property
    def message(self) -> str:
        """For people; no program should take it apart."""
        return self.status.message

    @property
    def details(self) -> Details:
        return self.status.details

    @property
    def violations(self) -> tuple[Violation, ...]:
        """Which fields of the request are wrong."""
        return self.status.details.violations

    @property
    def reason(self) -> str:
        """The cause in a word that never changes, as `NO_BROKER`; empty where nobody named one."""
        return self.status.reason

    @property
    def retryable(self) -> bool:
        """Whether the same request may end otherwise later, though nobody mends it. The client has then tried already, as often
        as its policy lets it."""
        return self.status.is_retryable

    @property
    def retry_after(self) -> float | None:
        """Seconds after which it makes sense to ask again, as the service computed them; `None`: nobody knows."""
        delay = self.status.details.retry_delay_ms
        return None if delay is None else delay / 1000

    def __str__(self) -> str:
        reason = f" ({self.reason})" if self.reason else ""
        return f"{self.code.name}{reason}: {self.message}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (error_of, (self.status,))


class Cancelled(BoxwoodError):
    """The client was closed, or the call was cancelled by somebody else than its awaiting task."""


class UnknownError(BoxwoodError):
    """A status that nobody should have made."""


class InvalidArgument(BoxwoodError):
    """The request has to be mended; `violations` says where."""


class DeadlineExceeded(BoxwoodError, TimeoutError):
    """The time of the call was over before its answer came."""


class NotFound(BoxwoodError):
    """Nobody knows it, or no more."""


class AlreadyExists(BoxwoodError):
    """It is there already."""


class PermissionDenied(BoxwoodError):
    """The role of the key may not do that."""


class ResourceExhausted(BoxwoodError):
    """Too much at a time: with `retry_after`, ask again then. Without it the request itself is too large."""


class FailedPrecondition(BoxwoodError):
    """The service is not set up for it, or a key was used for two different things."""


class Aborted(BoxwoodError):
    """Given up half-way; worth another try from further up."""


class OutOfRange(BoxwoodError):
    """Beyond what there is."""


class Unimplemented(BoxwoodError):
    """The other side is older, or newer, than this client."""


class InternalError(BoxwoodError):
    """Somebody does not keep to the protocol."""


class Unavailable(BoxwoodError):
    """Nobody was there to do it, or the connection was lost."""


class DataLoss(BoxwoodError):
    """The request cost several workers their lives; it is in quarantine."""


class Unauthenticated(BoxwoodError):
    """The key is not let in, or one side has keys and the other has none."""


_CLASSES: dict[Code, type[BoxwoodError]] = {
    Code.CANCELLED: Cancelled,
    Code.UNKNOWN: UnknownError,
    Code.INVALID_ARGUMENT: InvalidArgument,
    Code.DEADLINE_EXCEEDED: DeadlineExceeded,
    Code.NOT_FOUND: NotFound,
    Code.ALREADY_EXISTS: AlreadyExists,
    Code.PERMISSION_DENIED: PermissionDenied,
    Code.RESOURCE_EXHAUSTED: ResourceExhausted,
    Code.FAILED_PRECONDITION: FailedPrecondition,
    Code.ABORTED: Aborted,
    Code.OUT_OF_RANGE: OutOfRange,
    Code.UNIMPLEMENTED: Unimplemented,
    Code.INTERNAL: InternalError,
    Code.UNAVAILABLE: Unavailable,
    Code.DATA_LOSS: DataLoss,
    Code.UNAUTHENTICATED: Unauthenticated,
}


def error_of(status: Status) -> BoxwoodError:
    """The error of a status that is not OK."""
    return _CLASSES[status.code](status)


def invalid(field: str, description: str, reason: str = "") -> InvalidArgument:
    """What the caller handed over cannot be sent."""
    details = Details((Violation(field, description),), reason=reason)
    return InvalidArgument(Status(Code.INVALID_ARGUMENT, f"the request is not valid: {field} {description}", details))
