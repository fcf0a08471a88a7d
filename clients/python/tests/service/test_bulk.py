# SPDX-License-Identifier: MIT
"""Many pictures, some of them broken, through the real program; and a service that goes away meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import boxwood
from boxwood import Client, Detect
from support.samples import ROOT
from support.service import PATIENCE, Service

pytestmark = pytest.mark.service

HELD_OUT = sorted((ROOT / "models" / "boxwood-nano" / "heldout").glob("*.jpg"))


def pictures(folder: Path, count: int, broken: int) -> list[Path]:
    """So many files, the first ones broken each in its own way."""
    ways = [b"", b"not a picture", HELD_OUT[0].read_bytes()[:500], b"\x89PNG\r\n\x1a\n"]
    made = []
    for number in range(count):
        path = folder / f"{number:04}.jpg"
        path.write_bytes(ways[number % len(ways)] if number < broken else HELD_OUT[number % len(HELD_OUT)].read_bytes())
        made.append(path)
    return made


def test_broken_pictures_are_errors_beside_results(client: Client, tmp_path: Path) -> None:
    items = pictures(tmp_path, count=60, broken=6)
    outcomes = list(client.map([*items, tmp_path / "nowhere.jpg"], Detect(["cat", "dog"]), in_flight=8))
    assert sum(outcome.ok for outcome in outcomes) == 54
    assert {type(outcome.error) for outcome in outcomes if not outcome.ok} == {boxwood.InvalidArgument}
    assert {Path(outcome.key).name for outcome in outcomes if not outcome.ok} == {
        *(f"{number:04}.jpg" for number in range(6)),
        "nowhere.jpg",
    }


def test_a_run_that_is_killed_goes_on_where_it_was(service: Service, client: Client, tmp_path: Path) -> None:
    items = pictures(tmp_path, count=200, broken=2)
    path = tmp_path / "results.jsonl"
    program_ = tmp_path / "run.py"
    program_.write_text(
        "import sys, pathlib, boxwood\n"
        "with boxwood.Client(sys.argv[1]) as client:\n"
        "    pictures = sorted(pathlib.Path(sys.argv[2]).glob('*.jpg'))\n"
        "    for _ in client.map(pictures, boxwood.Detect(['cat', 'dog']), resume=sys.argv[3]): pass\n"
    )
    running = subprocess.Popen([sys.executable, str(program_), service.endpoint, str(tmp_path), str(path)])
    deadline = time.monotonic() + PATIENCE
    while not path.exists() or path.read_bytes().count(b"\n") < 20:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    running.kill()
    running.wait()
    outcomes = list(client.map(items, Detect(["cat", "dog"]), resume=path, ordered=True))
    assert [outcome.key for outcome in outcomes] == [str(item) for item in items]
    assert sum(outcome.ok for outcome in outcomes) == 198
    assert 0 < sum(outcome.resumed for outcome in outcomes) < 200
    keys = [json.loads(line)["key"] for line in path.read_text().splitlines() if "result" in json.loads(line)]
    assert len(keys) == len(set(keys)) == 198


def test_a_worker_that_dies_costs_time_and_no_picture(tmp_path: Path) -> None:
    items = pictures(tmp_path, count=40, broken=0)
    with Service() as running:
        running.wait()
        with Client(running.endpoint) as client:
            outcomes = client.map(items, Detect(["cat", "dog", "sun"]), in_flight=4)
            first = [next(outcomes) for _ in range(5)]
            running.replace_worker()
            assert all(outcome.ok for outcome in [*first, *outcomes])


def test_two_services_are_one_while_either_is_there(tmp_path: Path) -> None:
    items = pictures(tmp_path, count=40, broken=0)
    with Service() as one, Service() as two:
        one.wait()
        two.wait()
        with Client([one.endpoint, two.endpoint]) as client:
            outcomes = client.map(items, Detect(["cat", "dog"]), in_flight=4)
            first = [next(outcomes) for _ in range(5)]
            one.kill()
            assert all(outcome.ok for outcome in [*first, *outcomes])
