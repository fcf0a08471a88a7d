# SPDX-License-Identifier: MIT
"""A service with keys, and the files that `boxwood keys new` writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

import boxwood
from boxwood import Client, Key
from support.samples import SCENE
from support.service import Service, make_keys

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    make_keys(folder, ("client", "alice"), ("admin", "root"))
    return folder


@pytest.fixture(scope="module")
def guarded(keys: Path) -> Iterator[Service]:
    with Service(keys) as running:
        running.wait(key=str(keys / "client" / "alice.key"))
        yield running


def test_a_key_opens_the_door(guarded: Service, keys: Path) -> None:
    with Client(guarded.endpoint, key=keys / "client" / "alice.key") as client:
        assert client.caption(SCENE).caption
        with pytest.raises(boxwood.PermissionDenied) as caught:
            client.status()
    assert caught.value.reason == "ROLE"


def test_the_environment_names_one_too(guarded: Service, keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXWOOD_KEY", str(keys / "admin" / "root.key"))
    monkeypatch.setenv("BOXWOOD_ENDPOINT", guarded.endpoint)
    with Client() as client:
        assert client.status().workers


def test_a_stranger_is_not_let_in(guarded: Service, keys: Path) -> None:
    alice = Key.read(keys / "client" / "alice.key")
    public, secret = (each.decode() for each in zmq.curve_keypair())
    stranger = Key("client", "eve", public, secret, alice.broker)
    for client in (Client(guarded.endpoint, key=stranger), Client(guarded.endpoint)):
        with client, pytest.raises((boxwood.Unauthenticated, boxwood.Unavailable)) as caught:
            client.health()
        # Without a key the greetings are cut, and that may also be a broker that stops.
        assert caught.value.code is boxwood.Code.UNAUTHENTICATED or client.configuration.key is None
