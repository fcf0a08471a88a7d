# SPDX-License-Identifier: MIT
"""What whoever installs the package gets."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import boxwood


def test_pyzmq_is_all_that_is_needed() -> None:
    needed = [text for text in importlib.metadata.requires("boxwood") or [] if "extra ==" not in text]
    assert [re.split("[<>=]", text)[0] for text in needed] == ["pyzmq"]
    program = (
        "import sys, boxwood, boxwood.exports.coco, boxwood.exports.yolo, boxwood.exports.voc\n"
        "print(sorted({'numpy', 'PIL', 'tqdm', 'supervision', 'pandas', 'typing_extensions'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_version_is_that_of_the_package() -> None:
    assert boxwood.__version__ == importlib.metadata.version("boxwood")


def test_it_says_that_it_is_typed() -> None:
    assert (Path(boxwood.__file__).parent / "py.typed").is_file()


def test_every_public_name_is_there_and_has_words() -> None:
    for name in boxwood.__all__:
        assert (getattr(boxwood, name).__doc__ or "").strip(), name
