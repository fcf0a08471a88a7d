# SPDX-License-Identifier: MIT
"""Every example of the README, as it stands there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.samples import PICTURES
from support.service import Service

pytestmark = pytest.mark.service

README = Path(__file__).parents[2] / "README.md"
PREAMBLE = """
import boxwood
client = boxwood.Client()
result = client.detect("photo.jpg", ["cat", "dog"])
"""


def examples() -> list[tuple[str, str]]:
    """Each with the heading that it stands under."""
    text = README.read_text(encoding="utf-8")
    found = []
    for match in re.finditer(r"```python\n(.*?)```", text, re.DOTALL):
        heading = re.findall(r"^#+ (.+)$", text[: match.start()], re.MULTILINE)[-1]
        found.append((heading, match[1]))
    return found


@pytest.fixture
def folder(tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the pictures of the examples are."""
    shutil.copy(PICTURES / "scene-4.jpg", tmp_path / "photo.jpg")
    (tmp_path / "photos").mkdir()
    for path in PICTURES.glob("scene-*.jpg"):
        shutil.copy(path, tmp_path / "photos")
    monkeypatch.setenv("BOXWOOD_ENDPOINT", service.endpoint)
    return tmp_path


def run(code: str, folder: Path) -> str:
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=folder, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_first_lines_ground_a_picture(folder: Path) -> None:
    _, code = examples()[0]
    assert len(code.strip().splitlines()) <= 5
    assert run(code, folder).startswith(("cat 0.", "dog 0."))


@pytest.mark.parametrize(
    ("heading", "code"), examples(), ids=[f"{number}-{heading}" for number, (heading, _) in enumerate(examples())]
)
def test_an_example_runs(heading: str, code: str, folder: Path) -> None:
    told = run(PREAMBLE + code, folder)
    assert told or "print" not in code, f"the example under {heading!r} said nothing"


def test_what_the_examples_write_is_there(folder: Path) -> None:
    for heading, code in examples():
        if "boxes.png" in code or "results.jsonl" in code:
            run(PREAMBLE + code, folder)
            assert heading in ("Results", "Many pictures")
    assert (folder / "boxes.png").stat().st_size > 0
    assert (folder / "results.jsonl").read_bytes().count(b"\n") == 6


def test_every_public_name_has_words() -> None:
    import boxwood

    for name in boxwood.__all__:
        assert (getattr(boxwood, name).__doc__ or "").strip(), name
