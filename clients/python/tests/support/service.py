# SPDX-License-Identifier: MIT
"""The real program on loopback, at free ports."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

import pytest

import boxwood

from .samples import ROOT

PATIENCE = 60.0


def program() -> Path:
    """The real one; without it the test fails."""
    path = Path(os.environ.get("BOXWOOD_PROGRAM") or ROOT / ".build" / "release" / "boxwood").resolve()
    if not path.is_file():
        pytest.fail(f"{path} is not there: build it, name it with BOXWOOD_PROGRAM, or say --without-service")
    return path


class Service:
    """A broker with a journal, and a worker.

    :param keys: the folder of the pool's keys.
    :param worker: whether there is one; else somebody connects one to `worker_endpoint`.
    """

    def __init__(self, keys: Path | None = None, worker: bool = True) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="boxwood-test-")
        self._keys = keys
        self._has_worker = worker
        self.worker_endpoint = ""
        self._processes: list[subprocess.Popen[str]] = []
        self.endpoint = ""

    def __enter__(self) -> Service:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _start(self) -> None:
        free = "tcp://127.0.0.1:*"
        keys = [] if self._keys is None else ["--keys", str(self._keys)]
        journal = ["--journal", str(Path(self._folder.name) / "jobs.db")]
        broker = self._run("broker", "--client-endpoint", free, "--worker-endpoint", free, *journal, *keys)
        self.endpoint, self.worker_endpoint = self._address(broker, "client"), self._address(broker, "worker")
        if self._has_worker:
            self._run_worker()

    def _run_worker(self) -> None:
        key = [] if self._keys is None else ["--key", str(self._keys / "worker" / "local.key")]
        self._run("worker", "--endpoint", self.worker_endpoint, "--threads", "1", *key)

    def replace_worker(self) -> None:
        """Kills the worker and starts another."""
        self._processes[-1].kill()
        self._run_worker()

    def kill(self) -> None:
        """Ends everything without a word."""
        for process in self._processes:
            process.kill()

    def _run(self, *arguments: str) -> subprocess.Popen[str]:
        log = (Path(self._folder.name) / f"{arguments[0]}.log").open("w")
        with log:
            process = subprocess.Popen(
                [str(program()), *arguments],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "BOXWOOD_MODEL": os.environ.get("BOXWOOD_MODEL", str(ROOT / "models" / "boxwood-nano"))},
            )
        self._processes.append(process)
        return process

    def _address(self, broker: subprocess.Popen[str], word: str) -> str:
        assert broker.stdout is not None
        line = broker.stdout.readline().split()
        assert line[:1] == [word], f"the broker said {line}: {(Path(self._folder.name) / 'broker.log').read_text()}"
        return line[1]

    def wait(self, **how: str) -> None:
        with boxwood.Client(self.endpoint, **how) as client:  # type: ignore[arg-type]
            client.wait_until_ready(PATIENCE)

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
        self._folder.cleanup()


def make_keys(folder: Path, *names: tuple[str, str]) -> None:
    """A pool's keys, with the program itself."""
    for arguments in (("broker",), ("worker", "local"), *names):
        command = [str(program()), "keys", "new", *arguments, "--keys", str(folder)]
        subprocess.run(command, check=True, capture_output=True)
