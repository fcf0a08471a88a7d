# SPDX-License-Identifier: MIT
"""Where brokers are: `tcp://HOST:PORT` or `ipc://PATH`, several with commas between them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from .limits import BROKERS, DEFAULT_ENDPOINT

VARIABLE = "BOXWOOD_ENDPOINT"
LONGEST_PATH = 107
"""Of a local socket; sockaddr_un has 108 bytes, the last of them zero."""

_TCP = re.compile(r"tcp://(?P<host>[^\s/]+):(?P<port>[0-9]{1,5})")
_LOOPBACK = re.compile(r"127(\.(0|[1-9][0-9]{0,2})){3}")


def resolve(endpoint: str | Sequence[str] | None, *, has_key: bool, plaintext: bool) -> tuple[str, ...]:
    """The endpoints that are meant: those given, else those of `BOXWOOD_ENDPOINT`, else the one that `boxwood up` listens on.

    :raises ValueError: for what is no endpoint, and for one on another machine without a key unless `plaintext` says that it may.
    """
    given = endpoint if endpoint is not None else os.environ.get(VARIABLE) or DEFAULT_ENDPOINT
    texts = given.split(",") if isinstance(given, str) else list(given)
    found = tuple(text.strip() for text in texts)
    if not 1 <= len(found) <= BROKERS:
        raise ValueError(f"{len(found)} brokers are named; 1 to {BROKERS} can be")
    for text in found:
        _check(text)
        if not (has_key or plaintext or is_local(text)):
            raise ValueError(
                f"{text} is on another machine, and everybody on the way could read and change what is said: give a key with "
                "key=FILE, or say plaintext=True where that is all right"
            )
    return found


def is_local(endpoint: str) -> bool:
    """Whether only this machine can be meant."""
    match = _TCP.fullmatch(endpoint)
    if match is None:
        return True
    host = match["host"]
    if host in ("localhost", "[::1]"):
        return True
    # A number in the one form that everybody reads alike: 0127 is 87 to the C library, and so in another network.
    return _LOOPBACK.fullmatch(host) is not None and all(int(part) < 256 for part in host.split("."))


def _check(text: str) -> None:
    if text.startswith("ipc://") and len(text) > len("ipc://"):
        if len(text.encode()) - len("ipc://") > LONGEST_PATH:
            raise ValueError(f"the path of {text} is longer than {LONGEST_PATH} bytes")
        return
    match = _TCP.fullmatch(text)
    if match is None or not 0 < int(match["port"]) < 65536:
        raise ValueError(f"{text!r} is no address; write tcp://127.0.0.1:5540 or ipc:///run/boxwood.sock")
