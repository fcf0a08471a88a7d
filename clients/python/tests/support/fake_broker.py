# SPDX-License-Identifier: MIT
"""A broker that does what a test tells it, over pyzmq and nothing of the package: so that both can only be wrong apart."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import zmq

PATIENCE = 10.0
"""Seconds after which a test that waits for something fails."""


@dataclass
class Message:
    """What a client sent."""

    peer: bytes
    frames: list[bytes]
    kind: str = field(init=False)
    header: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.kind = self.frames[1].decode()
        self.header = json.loads(self.frames[2])

    @property
    def id(self) -> str:
        return str(self.header["id"])

    @property
    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.frames[3] or b"{}"))

    @property
    def image(self) -> bytes | None:
        return self.frames[4] if len(self.frames) > 4 else None


Script = Callable[["FakeBroker", Message], None]


class FakeBroker:
    """Calls `script` with every message, on its own thread; what it is told to do it does there, too."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.received: list[Message] = []
        self.endpoint = ""
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._is_over = False
        self._failure: BaseException | None = None
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._router = self._bind("tcp://127.0.0.1:*")
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> FakeBroker:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._is_over = True
        self._thread.join()
        self._context.destroy(linger=0)
        if self._failure is not None and error is None:
            raise self._failure

    # What a script does.

    def send(self, to: Message, *frames: bytes) -> None:
        self._router.send_multipart([to.peer, *frames])

    def respond(self, to: Message, body: dict[str, Any] | None = None, code: str = "OK", message: str = "", **status: Any) -> None:
        """:param status: `reason`, `retry_delay_ms`, `attempts`, `events_left_out`, `id`."""
        details: list[dict[str, Any]] = []
        if "retry_delay_ms" in status:
            details.append({"retry_info": {"retry_delay_ms": status["retry_delay_ms"]}})
        if "reason" in status:
            details.append({"error_info": {"reason": status["reason"], "domain": "boxwood"}})
        header = {
            "id": status.get("id", to.id),
            "status": {"code": code, "message": message, "details": details},
            "attempts": status.get("attempts", 1),
            "events_left_out": status.get("events_left_out", 0),
        }
        frame = json.dumps(body if body is not None else {}).encode() if code == "OK" else b""
        self.send(to, b"BXW1", b"RESPONSE", json.dumps(header).encode(), frame)

    def event(self, to: Message, sequence: int, body: dict[str, Any]) -> None:
        header = {"id": to.id, "sequence": sequence}
        self.send(to, b"BXW1", b"EVENT", json.dumps(header).encode(), json.dumps(body).encode())

    def disappear(self) -> None:
        """Drops every connection, and what was to be sent on it."""
        self._router.close(linger=0)
        # Its port is free once libzmq's own thread has let go of it.
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self._router = self._bind(self.endpoint)
                return
            except zmq.ZMQError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    # What a test does.

    def order(self, what: Callable[[], None]) -> None:
        """Has it done on the broker's thread."""
        self._orders.put(what)

    def wait_for(self, count: int, kind: str = "REQUEST") -> list[Message]:
        """The first so many messages of a kind, once they are there."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.of_kind(kind)) >= count, PATIENCE), (
                f"{len(self.of_kind(kind))} of {count} {kind} came"
            )
            return self.of_kind(kind)[:count]

    def of_kind(self, kind: str) -> list[Message]:
        return [message for message in self.received if message.kind == kind]

    def _bind(self, endpoint: str) -> zmq.Socket[bytes]:
        router = self._context.socket(zmq.ROUTER)
        router.linger = 0
        try:
            router.bind(endpoint)
        except zmq.ZMQError:
            router.close()
            raise
        self.endpoint = router.getsockopt_string(zmq.LAST_ENDPOINT)
        return router

    def _run(self) -> None:
        try:
            while not self._is_over:
                while not self._orders.empty():
                    self._orders.get()()
                if self._router.poll(5):
                    peer, *frames = self._router.recv_multipart()
                    self._take(Message(peer, frames))
        except BaseException as failure:  # noqa: BLE001 - the test's own thread raises it
            self._failure = failure

    def _take(self, message: Message) -> None:
        with self._changed:
            self.received.append(message)
            self._changed.notify_all()
        self.script(self, message)


def answering(body: dict[str, Any]) -> Script:
    """Answers every request with that."""

    def script(broker: FakeBroker, message: Message) -> None:
        if message.kind == "REQUEST":
            broker.respond(message, body)

    return script


def silent(broker: FakeBroker, message: Message) -> None:
    """Answers nothing, but for cancellations."""
    if message.kind == "CANCEL":
        broker.respond(message, code="CANCELLED")


def in_turn(*scripts: Script) -> Script:
    """One script for each request, the last one for all that follow."""
    left = list(scripts)

    def script(broker: FakeBroker, message: Message) -> None:
        if message.kind == "REQUEST":
            (left.pop(0) if len(left) > 1 else left[0])(broker, message)

    return script


def refusing(code: str, **status: Any) -> Script:
    return lambda broker, message: broker.respond(message, code=code, **status)
