# SPDX-License-Identifier: MIT
from __future__ import annotations

from collections.abc import Iterator

import pytest

import boxwood
from support.service import Service


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--without-service", action="store_true", help="leave out, by name, what asks the real program")
    parser.addoption("--recipes", action="store_true", help="run the recipes, too, with the packages that they are for")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is left out is left out by name, and only because somebody said so."""
    for item in items:
        if item.get_closest_marker("service") and config.getoption("--without-service"):
            item.add_marker(pytest.mark.skip(reason="asks the real program, and --without-service was given"))
        recipe = item.get_closest_marker("recipe")
        if recipe and not config.getoption("--recipes"):
            item.add_marker(pytest.mark.skip(reason=f"needs {recipe.args[0]}; dev/python.sh --recipes runs it"))


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    with Service() as running:
        running.wait()
        yield running


@pytest.fixture
def client(service: Service) -> Iterator[boxwood.Client]:
    with boxwood.Client(service.endpoint) as client:
        yield client


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have a service of his own."""
    for name in ("BOXWOOD_ENDPOINT", "BOXWOOD_KEY"):
        monkeypatch.delenv(name, raising=False)
