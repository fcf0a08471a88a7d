# SPDX-License-Identifier: MIT
"""A client's connection to one broker. Owned by the client's thread."""

from __future__ import annotations

import zmq
from zmq.utils.monitor import parse_monitor_message

from .brokers import Connection
from .keys import Key
from .limits import FRAME_BYTES

_LINGER_MS = 200
"""For the CANCELs of a client that is closed."""
_REOPENING = 0.5
"""Seconds after which a refused connection is tried anew: libzmq gives up where keys did not fit, and they may be let in later."""

_EVENTS: dict[int, Connection] = {
    zmq.EVENT_HANDSHAKE_SUCCEEDED: Connection.MADE,
    zmq.EVENT_DISCONNECTED: Connection.LOST,
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: Connection.KEY_REFUSED,
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: Connection.MECHANISM_REFUSED,
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: Connection.GREETING_CUT,
}


class Link:
    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], endpoint: str, key: Key | None) -> None:
        self._context = context
        self._endpoint = endpoint
        self._key = key
        self.reopens_at: float | None = None
        self._open()

    def _open(self) -> None:
        self.socket = _dealer(self._context, self._key)
        try:
            self.monitor: zmq.Socket[bytes] = self.socket.get_monitor_socket(sum(_EVENTS))
            self.socket.connect(self._endpoint)
        except zmq.ZMQError:
            # Else the end of the context would wait for it for ever.
            self.socket.close(linger=0)
            raise

    def events(self, now: float) -> list[Connection]:
        """What has become of the connection since the last call."""
        found: list[Connection] = []
        while (frames := _receive(self.monitor)) is not None:
            event = _EVENTS.get(parse_monitor_message(frames)["event"])
            if event is None:
                continue
            if event in (Connection.KEY_REFUSED, Connection.MECHANISM_REFUSED):
                self.reopens_at = now + _REOPENING
            found.append(event)
        return found

    def reopen_if_due(self, now: float) -> None:
        if self.reopens_at is not None and now >= self.reopens_at:
            self.reopens_at = None
            self.close()
            self._open()

    def receive(self) -> list[bytes] | None:
        return _receive(self.socket)

    def send(self, frames: list[bytes]) -> bool:
        """False where it has to wait."""
        try:
            self.socket.send_multipart(frames, flags=zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def close(self) -> None:
        self.socket.disable_monitor()
        self.monitor.close(linger=0)
        self.socket.close()


def _dealer(context: zmq.Context[zmq.Socket[bytes]], key: Key | None) -> zmq.Socket[bytes]:
    """Every option is stated, because libzmq's own are not fit for strangers. Messages are kept back until there is a connection
    by the dialogue, which knows what was sent on one that is gone."""
    socket = context.socket(zmq.DEALER)
    socket.linger = _LINGER_MS
    socket.setsockopt(zmq.MAXMSGSIZE, FRAME_BYTES)
    socket.setsockopt(zmq.HEARTBEAT_IVL, 2000)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 6000)
    socket.setsockopt(zmq.HEARTBEAT_TTL, 6000)
    socket.setsockopt(zmq.HANDSHAKE_IVL, 5000)
    socket.setsockopt(zmq.RECONNECT_IVL, 100)
    socket.setsockopt(zmq.RECONNECT_IVL_MAX, 2000)
    socket.setsockopt(zmq.IPV6, 1)
    if key is not None:
        socket.curve_serverkey = key.broker.encode()
        socket.curve_publickey = key.public.encode()
        socket.curve_secretkey = key.secret.encode()
    return socket


def _receive(socket: zmq.Socket[bytes]) -> list[bytes] | None:
    try:
        return socket.recv_multipart(flags=zmq.NOBLOCK)
    except zmq.Again:
        return None
