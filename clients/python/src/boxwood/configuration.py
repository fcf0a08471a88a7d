# SPDX-License-Identifier: MIT
"""What a client is told when it is made; it holds no connection, so it can be pickled and kept over a fork."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from . import endpoints, keys
from .keys import Key
from .limits import DEFAULT_TIMEOUT, MAX_TIMEOUT
from .retry import RetryPolicy


@dataclass(frozen=True)
class Configuration:
    """
    The environment is asked, and the file of the key read, where the client connects: on the machine that a pickled client
    was sent to.
    """

    endpoint: str | tuple[str, ...] | None = None
    key: str | Key | None = None
    plaintext: bool = False
    timeout: float = DEFAULT_TIMEOUT
    connect_timeout: float = 2.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)

    @classmethod
    def make(
        cls,
        endpoint: str | Sequence[str] | None,
        key: str | os.PathLike[str] | Key | None,
        plaintext: bool,
        timeout: float,
        connect_timeout: float,
        retry: RetryPolicy | None,
    ) -> Configuration:
        """:raises ValueError: for endpoints and times that are none."""
        places = endpoint if endpoint is None or isinstance(endpoint, str) else tuple(endpoint)
        key = os.fspath(key) if isinstance(key, os.PathLike) else key
        check_timeout(timeout)
        check_timeout(connect_timeout)
        made = cls(places, key, plaintext, timeout, connect_timeout, retry or RetryPolicy())
        # A slip of the pen shows here and not with the first call, as far as it can.
        endpoints.resolve(places, has_key=made._has_key, plaintext=plaintext)
        return made

    @property
    def _has_key(self) -> bool:
        return self.key is not None or bool(os.environ.get(keys.VARIABLE))

    def resolved_endpoints(self) -> tuple[str, ...]:
        return endpoints.resolve(self.endpoint, has_key=self._has_key, plaintext=self.plaintext)

    def resolved_key(self) -> Key | None:
        key = self.key or os.environ.get(keys.VARIABLE) or None
        return Key.read(key) if isinstance(key, str) else key


def check_timeout(seconds: float) -> float:
    """:raises ValueError: unless it is a time that a call can have."""
    if not 0 <= seconds <= MAX_TIMEOUT:
        raise ValueError(f"a timeout is 0 to {MAX_TIMEOUT:.0f} seconds, not {seconds!r}")
    return seconds
