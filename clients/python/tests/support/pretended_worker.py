# SPDX-License-Identifier: MIT
"""A worker whose engine only pretends, as `protocol/interop.md` describes it: plain pyzmq, for the real broker."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import zmq

from .samples import RESULT

_IMAGE_LIMITS = {"max_bytes": 33554432, "max_pixels": 50_000_000, "max_side": 32767}


_PACE = 0.02
"""Seconds from one thing that is told to the next."""


@dataclass
class _Job:
    """One that sleeps, or tells of so many things meanwhile."""

    header: dict[str, Any]
    wakes: float
    answer: str
    things: int = 0
    told: int = 0

    @property
    def call(self) -> str:
        return str(self.header["dispatch"]["call"])


class Refusal(Exception):
    def __init__(self, code: str, message: str, field: str = "") -> None:
        super().__init__(message)
        violations = {"bad_request": {"field_violations": [{"field": field, "description": message}]}}
        self.status = {"code": code, "message": message, "details": [violations] if field else []}


class PretendedWorker:
    """One thread: it answers, sleeps and beats; nothing that it does takes long."""

    def __init__(self, endpoint: str, credits_: int = 32) -> None:
        self._endpoint = endpoint
        self._credits = credits_
        self._instance = os.urandom(8).hex()
        self._sleepers: list[_Job] = []
        self._stopped = 0
        self._counts: dict[str, int] = {}
        self._progress = 0
        self._is_over = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> PretendedWorker:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._is_over.set()
        self._thread.join()
        if self._failure is not None and error is None:
            raise self._failure

    def _run(self) -> None:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = context.socket(zmq.DEALER)
        self._socket.linger = 200
        try:
            self._socket.connect(self._endpoint)
            self._serve()
        except BaseException as failure:  # noqa: BLE001 - the test's own thread raises it
            self._failure = failure
        finally:
            self._socket.close()
            context.term()

    def _serve(self) -> None:
        self._hello()
        beats = time.monotonic()
        while not self._is_over.is_set():
            if self._socket.poll(2):
                self._take(self._socket.recv_multipart())
            self._wake(time.monotonic())
            if time.monotonic() - beats > 0.1:
                beats = time.monotonic()
                self._beat()
        self._send(b"DRAIN", {})
        self._send(b"BYE", {"status": {"code": "OK"}})

    def _hello(self) -> None:
        model = {"name": "interop", "revision": "0", "precision": "f32"}
        about = {"name": "pretended", "pid": os.getpid(), "version": "0", "model": model, "image_limits": _IMAGE_LIMITS}
        self._send(b"HELLO", {"protocol": 1, "instance": self._instance, "credits": self._credits, **about})

    def _beat(self) -> None:
        self._progress += 1
        jobs = [job.header["dispatch"] for job in self._sleepers]
        self._send(b"BEAT", {"progress": self._progress, "jobs": jobs, "busy": bool(jobs)})

    def _take(self, frames: list[bytes]) -> None:
        kind, header = frames[1], json.loads(frames[2] or b"{}")
        if kind == b"WHO":
            self._hello()
        elif kind == b"CANCEL":
            self._stop(header["dispatch"]["call"])
        elif kind == b"JOB":
            self._send(b"STARTED", {"dispatch": header["dispatch"]})
            try:
                self._begin(header, json.loads(frames[3] or b"{}"), frames[4] if len(frames) > 4 else None)
            except Refusal as refusal:
                self._refuse(header, refusal.status)

    def _begin(self, header: dict[str, Any], body: dict[str, Any], image: bytes | None) -> None:
        unknown = set(body) - {"question", "grounded", "options"}
        if unknown:
            raise Refusal("INVALID_ARGUMENT", f"the field {unknown} is not known", "body")
        if image is None:
            raise Refusal("INVALID_ARGUMENT", "is missing", "image")
        verb, _, rest = body.get("question", "").partition(" ")
        if verb == "sleep":
            self._sleep(header, int(rest) / 1000, "slept")
        elif verb == "tell":
            count = int(rest)
            wakes = time.monotonic() + (count - 1) * _PACE
            self._sleepers.append(_Job(header, wakes, " ".join(f"thing {number}" for number in range(count)), count))
        elif verb == "count":
            self._counts[rest] = self._counts.get(rest, 0) + 1
            self._sleep(header, 0.2, str(self._counts[rest]))
        else:
            self._answer(header, self._reply(verb, rest, header, image))

    def _reply(self, verb: str, rest: str, header: dict[str, Any], image: bytes) -> str:
        if verb == "fail":
            code, _, words = rest.partition(" ")
            raise Refusal(code, words, "question")
        if verb == "special":
            raise Refusal("ABORTED", "\t\nblanks \r\nand \u263a and \U0001f608\t\n")
        answers = {
            "echo": lambda: rest,
            "size": lambda: f"{len(image)} {sum(image)}",
            "large": lambda: "x" * int(rest),
            "metadata": lambda: " ".join(sorted(f"{key}={value}" for key, value in header.get("metadata", {}).items())),
            "running": lambda: str(len(self._sleepers)),
            "stopped": lambda: str(self._stopped),
        }
        return answers[verb]()

    def _sleep(self, header: dict[str, Any], seconds: float, answer: str) -> None:
        self._sleepers.append(_Job(header, time.monotonic() + seconds, answer))

    def _wake(self, now: float) -> None:
        for job in self._sleepers:
            self._tell(job, now)
        for job in [job for job in self._sleepers if now >= job.wakes]:
            self._sleepers.remove(job)
            self._answer(job.header, job.answer, job.things)

    def _tell(self, job: _Job, now: float) -> None:
        begin = job.wakes - (job.things - 1) * _PACE
        while job.told < min(job.things, 1 + int((now - begin) / _PACE)):
            entity = things(job.things)[job.told]
            caption = f"{' ' if job.told else ''}{entity['phrase']}"
            if job.header.get("stream"):
                header = {"dispatch": job.header["dispatch"], "sequence": job.told}
                self._send(b"PARTIAL", header, {"caption": caption, "entity": entity})
            job.told += 1

    def _stop(self, call: str) -> None:
        for job in [job for job in self._sleepers if job.call == call]:
            self._sleepers.remove(job)
            self._stopped += 1
            self._refuse(job.header, {"code": "CANCELLED", "message": "stopped"})

    def _answer(self, header: dict[str, Any], caption: str, count: int = 0) -> None:
        body = {**RESULT, "id": header["id"], "task": "ask", "caption": caption, "entities": things(count)}
        self._send(b"RESULT", {"dispatch": header["dispatch"], "status": {"code": "OK"}}, body)

    def _refuse(self, header: dict[str, Any], status: dict[str, Any]) -> None:
        self._send(b"RESULT", {"dispatch": header["dispatch"], "status": status}, None)

    def _send(self, kind: bytes, header: dict[str, Any], *body: dict[str, Any] | None) -> None:
        frames = [b"" if each is None else json.dumps(each).encode() for each in body]
        self._socket.send_multipart([b"BXW1", kind, json.dumps(header).encode(), *frames])


def things(count: int) -> list[dict[str, Any]]:
    """The entities of `thing 0 thing 1 ...`."""
    found, at = [], 0
    for number in range(count):
        phrase = f"thing {number}"
        found.append({"phrase": phrase, "span": [at, at + len(phrase)], "source": "model", "boxes": []})
        at += len(phrase) + 1
    return found
