# SPDX-License-Identifier: MIT
"""Packages that only some of the client needs."""

from __future__ import annotations

import importlib
from typing import Any


def require(module: str, extra: str) -> Any:
    """:raises ImportError: saying what to install."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ImportError(f"this needs {module}: pip install 'boxwood[{extra}]'", name=module) from None
