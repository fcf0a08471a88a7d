# SPDX-License-Identifier: MIT
"""The thread that owns a client's sockets and its `Dialogue`. Everybody else posts to it and is told."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import random
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

import zmq

from .configuration import Configuration
from .dialogue import Call, Dialogue, Effect, Told
from .frames import Event, Malformed, Response, parse
from .keys import Key
from .link import Link
from .status import Code, Status

_BURST = 256
"""Answers of one broker that are taken before anything else has its turn."""
_SHORTEST, _LONGEST = 0.001, 0.02
"""Seconds until a message is tried again that found no room."""

_CLOSED = Status.of(Code.CANCELLED, "the client was closed")


class Listener(Protocol):
    """Who waits for a call. Told on the transport's thread, so neither may block; `ended` comes once, and last."""

    def told(self, event: Event) -> None: ...
    def ended(self, response: Response) -> None: ...


class Transport:
    """Connects in the background; whether somebody answers shows with the first call.

    :raises ValueError: for endpoints and key files that are none.
    """

    def __init__(self, configuration: Configuration) -> None:
        self.process = os.getpid()
        self._mail: deque[Callable[[_Loop], None]] = deque()
        self._gate = threading.Lock()
        self.is_over = False
        self._end = _CLOSED
        """Why it is over."""
        # What is wrong with either shows here, on the caller's thread.
        endpoints, key = configuration.resolved_endpoints(), configuration.resolved_key()
        self._bell = _Bell()
        self._keys = itertools.count(1)
        loop = _Loop(configuration, endpoints, key, self._mail, self._bell)
        self._thread = threading.Thread(target=self._run, args=(loop,), name="boxwood-client", daemon=True)
        self._thread.start()

    def open(self, call: Call, listener: Listener) -> int:
        """:returns: the call's key, for `cancel` and `taken`."""
        key = next(self._keys)
        if not self._post(lambda loop: loop.open(key, call, listener)):
            listener.ended(Response("", self._end))
        return key

    def cancel(self, key: int) -> None:
        self._post(lambda loop: loop.cancel(key))

    def taken(self, key: int) -> None:
        """The reader of a call took one of its events."""
        self._post(lambda loop: loop.taken(key))

    def close(self, wait: bool = True) -> None:
        """Ends the open calls with CANCELLED and the thread; waiting for it tells the broker before this returns."""
        self._post(lambda loop: loop.close())
        if wait and threading.current_thread() is not self._thread:
            self._thread.join()

    def _post(self, mail: Callable[[_Loop], None]) -> bool:
        with self._gate:
            if self.is_over:
                return False
            self._mail.append(mail)
        self._bell.ring()
        return True

    def _run(self, loop: _Loop) -> None:
        try:
            loop.run()
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits for these calls
            self._end = Status.of(Code.INTERNAL, f"the client's thread failed: {error!r}")
        with self._gate:
            self.is_over = True
        # What was posted while the loop ended, too.
        loop.take_mail()
        loop.close(self._end)
        self._bell.close()


class _Bell:
    """Wakes a poll from other threads."""

    def __init__(self) -> None:
        self.ear, self._hand = socket.socketpair()
        self.ear.setblocking(False)
        self._hand.setblocking(False)

    def ring(self) -> None:
        # Full, it rings anyway; closed, nobody listens.
        with contextlib.suppress(OSError):
            self._hand.send(b"!")

    def hush(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self.ear.recv(4096):
                pass

    def close(self) -> None:
        self.ear.close()
        self._hand.close()


class _Loop:
    def __init__(
        self,
        configuration: Configuration,
        endpoints: tuple[str, ...],
        key: Key | None,
        mail: deque[Callable[[_Loop], None]],
        bell: _Bell,
    ) -> None:
        self._endpoints = endpoints
        self._key = key
        self._dialogue = Dialogue(
            self._endpoints,
            configuration.retry,
            connect_timeout=configuration.connect_timeout,
            jitter=random.random,
            prefix=secrets.token_hex(4),
        )
        self._listeners: dict[int, Listener] = {}
        self._mail = mail
        self._bell = bell
        self._closing: Status | None = None
        self._send_pause = _SHORTEST
        self._is_stuck = False

    # What others post.

    def open(self, key: int, call: Call, listener: Listener) -> None:
        if self._closing is not None:
            listener.ended(Response("", self._closing))
            return
        self._listeners[key] = listener
        self._tell(self._dialogue.open(key, call, time.monotonic()))

    def cancel(self, key: int) -> None:
        self._tell(self._dialogue.cancel(key))

    def taken(self, key: int) -> None:
        self._dialogue.taken(key)

    def close(self, status: Status = _CLOSED) -> None:
        self._closing = self._closing or status
        self._tell(self._dialogue.close(status))

    def take_mail(self) -> None:
        while self._mail:
            self._mail.popleft()(self)

    # The thread.

    def run(self) -> None:
        """Until it is closed."""
        # Of its own, so that nobody else's is waited for, and made here, so that it belongs to this process.
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        links: list[Link] = []
        try:
            # One by one, so that those that were made are closed when the next cannot be.
            links.extend(Link(context, endpoint, self._key) for endpoint in self._endpoints)
            self._serve(links)
        finally:
            for link in links:
                link.close()
            context.term()

    def _serve(self, links: list[Link]) -> None:
        poller = zmq.Poller()
        while self._closing is None:
            self._bell.hush()
            self.take_mail()
            # Before the word that a connection is gone: a call whose answer is here is not lost with it.
            for broker, link in enumerate(links):
                self._receive(link, broker)
            self._connections(links, poller)
            self._tell(self._dialogue.time_passed(time.monotonic()))
            self._flush(links)
            if self._closing is None:
                poller.poll(self._patience(links))
        self._flush(links)

    def _connections(self, links: list[Link], poller: zmq.Poller) -> None:
        now = time.monotonic()
        for broker, link in enumerate(links):
            for event in link.events(now):
                self._dialogue.connection(event, broker, now)
            link.reopen_if_due(now)
        # Links that were reopened have other sockets.
        wanted = [each for link in links for each in (link.socket, link.monitor)]
        if [each for each, _ in poller.sockets] != [self._bell.ear.fileno(), *wanted]:
            for each, _ in list(poller.sockets):
                poller.unregister(each)
            poller.register(self._bell.ear.fileno(), zmq.POLLIN)
            for socket_ in wanted:
                poller.register(socket_, zmq.POLLIN)

    def _receive(self, link: Link, broker: int) -> None:
        for _ in range(_BURST):
            frames = link.receive()
            if frames is None:
                return
            now = time.monotonic()
            try:
                self._tell(self._dialogue.received(parse(frames), broker, now))
            except Malformed as fault:
                self._tell(self._dialogue.received_garbage(fault, now))

    def _flush(self, links: list[Link]) -> None:
        self._is_stuck = False
        while (outgoing := self._dialogue.next_to_send(time.monotonic())) is not None:
            if not links[outgoing.broker].send(outgoing.message.frames()):
                self._is_stuck = True
                self._send_pause = min(self._send_pause * 2, _LONGEST)
                return
            self._send_pause = _SHORTEST
            self._dialogue.sent(outgoing)

    def _patience(self, links: list[Link]) -> int | None:
        """Milliseconds until something is due; rounded up, so that it is due then."""
        times = [link.reopens_at for link in links if link.reopens_at is not None]
        deadline = self._dialogue.next_deadline
        if deadline is not None:
            times.append(deadline)
        left = min((max(0.0, each - time.monotonic()) for each in times), default=None)
        if self._is_stuck:
            left = self._send_pause if left is None else min(left, self._send_pause)
        return None if left is None else math.ceil(left * 1000)

    def _tell(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Told):
                self._listeners[effect.key].told(effect.event)
            else:
                self._listeners.pop(effect.key).ended(effect.response)
