# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest

from boxwood import Client, Key
from boxwood.endpoints import LONGEST_PATH, is_local, resolve


def test_what_is_given_goes_before_the_environment_and_that_before_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve(None, has_key=False, plaintext=False) == ("tcp://127.0.0.1:5540",)
    monkeypatch.setenv("BOXWOOD_ENDPOINT", "tcp://127.0.0.1:1, ipc:///run/b.sock")
    assert resolve(None, has_key=False, plaintext=False) == ("tcp://127.0.0.1:1", "ipc:///run/b.sock")
    assert resolve("tcp://localhost:2", has_key=False, plaintext=False) == ("tcp://localhost:2",)
    assert resolve(["tcp://localhost:2", "tcp://[::1]:3"], has_key=False, plaintext=False)[1] == "tcp://[::1]:3"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1:5540",
        "tcp://127.0.0.1",
        "tcp://:5540",
        "tcp://127.0.0.1:0",
        "tcp://127.0.0.1:65536",
        "tcp://127.0.0.1:+1",
        "tcp://127.0.0.1:*",
        "tcp://a b:1",
        "ipc://",
        "inproc://here",
        "http://127.0.0.1:5540",
        f"ipc://{'x' * (LONGEST_PATH + 1)}",
    ],
)
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"address|longer"):
        resolve([text], has_key=True, plaintext=True)


def test_the_longest_path_is_taken() -> None:
    assert resolve(f"ipc://{'x' * LONGEST_PATH}", has_key=False, plaintext=False)


@pytest.mark.parametrize("count", [0, 17])
def test_one_to_sixteen_brokers_can_be_named(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 16"):
        resolve(["tcp://127.0.0.1:1"] * count, has_key=False, plaintext=False)
    assert len(resolve(["tcp://127.0.0.1:1"] * 16, has_key=False, plaintext=False)) == 16


@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:1", "tcp://127.8.9.250:1", "tcp://localhost:1", "tcp://[::1]:1", "ipc://a"])
def test_this_machine_needs_no_key(endpoint: str) -> None:
    assert is_local(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    ["tcp://10.0.0.1:1", "tcp://server:1", "tcp://127.0.0.1.example.org:1", "tcp://0127.0.0.1:1", "tcp://127.0.0.256:1"],
)
def test_another_machine_needs_a_key_or_consent(endpoint: str) -> None:
    with pytest.raises(ValueError, match="another machine"):
        Client(endpoint)
    assert Client(endpoint, plaintext=True).configuration.resolved_endpoints() == (endpoint,)
    assert Client(endpoint, key="/there/later").configuration.endpoint == endpoint
    key = Key("client", "a", "p" * 40, "s" * 40, "b" * 40)
    assert Client(endpoint, key=key).configuration.resolved_key() is key
