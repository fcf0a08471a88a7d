# SPDX-License-Identifier: MIT
"""What both clients are: a configuration, and a transport from the first call on."""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from collections.abc import Sequence
from typing import Any

from .configuration import Configuration, check_timeout
from .dialogue import Call
from .errors import error_of
from .keys import Key
from .limits import DEFAULT_TIMEOUT
from .queries import CallOptions, Query, check_names
from .retry import RetryPolicy
from .status import Code, Status
from .transport import Listener, Transport

_alive: weakref.WeakSet[BaseClient] = weakref.WeakSet()


class BaseClient:
    """Connects with the first call, so that it can be pickled, kept over a fork, and made before the service is there.

    :param endpoint: where the service is; else `BOXWOOD_ENDPOINT`, else `tcp://127.0.0.1:5540`. Several, in a list or with commas
        between them: the first that answers, and the next when it is gone or stops.
    :param key: the file of your key, as `boxwood keys new` writes it; else `BOXWOOD_KEY`, else none.
    :param plaintext: speak to another machine without a key, for everybody on the way to read and change.
    :param timeout: seconds for a call that names none, with all its attempts.
    :param connect_timeout: seconds in which a call has to find a broker.
    :param retry: when a call that was refused is sent again.
    :raises ValueError: for endpoints and times that are none.
    """

    def __init__(
        self,
        endpoint: str | Sequence[str] | None = None,
        *,
        key: str | os.PathLike[str] | Key | None = None,
        plaintext: bool = False,
        timeout: float = DEFAULT_TIMEOUT,
        connect_timeout: float = 2.0,
        retry: RetryPolicy | None = None,
    ) -> None:
        self.configuration = Configuration.make(endpoint, key, plaintext, timeout, connect_timeout, retry)
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._transport: Transport | None = None
        self._is_closed = False
        _alive.add(self)

    def __getstate__(self) -> dict[str, Any]:
        return {"configuration": self.configuration}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.configuration = state["configuration"]
        self._reset()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(endpoint={self.configuration.endpoint!r})"

    def __del__(self) -> None:
        transport = getattr(self, "_transport", None)
        if transport is not None and transport.process == os.getpid():
            transport.close(wait=False)

    def _connection(self) -> Transport:
        with self._lock:
            if self._is_closed:
                raise error_of(Status.of(Code.CANCELLED, "the client was closed"))
            # A thread that failed may have lacked something that is there now.
            if self._transport is None or self._transport.is_over:
                self._transport = Transport(self.configuration)
            return self._transport

    def _open(self, query: Query[Any], options: CallOptions, listener: Listener) -> Opened:
        check_names(CallOptions, options)
        timeout = options.get("timeout")
        if timeout is not None:
            check_timeout(timeout)
        call: Call = query.call(time.monotonic(), self.configuration.timeout, options)
        transport = self._connection()
        return Opened(self, transport, transport.open(call, listener))

    def _shut(self) -> None:
        with self._lock:
            transport, self._transport, self._is_closed = self._transport, None, True
        if transport is not None and transport.process == os.getpid():
            transport.close()

    def _after_fork(self) -> None:
        """In the child. The thread is the parent's, and so are its sockets; the next call makes others."""
        self._lock = threading.Lock()
        self._transport = None


class Opened:
    """A call that is on its way."""

    def __init__(self, client: BaseClient, transport: Transport, key: int) -> None:
        # A client that nobody else has any more is needed as long as its calls are.
        self._client = client
        self._transport = transport
        self._key = key

    def cancel(self) -> None:
        """Nothing happens to a call that has ended."""
        self._transport.cancel(self._key)

    def taken(self) -> None:
        self._transport.taken(self._key)


def _close_all() -> None:
    for client in list(_alive):
        client._shut()


def _forget_all() -> None:
    for client in list(_alive):
        client._after_fork()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
