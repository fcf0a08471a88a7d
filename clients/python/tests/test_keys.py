# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path

import pytest
import zmq

from boxwood import Client, Key


@pytest.fixture
def lines() -> dict[str, str]:
    public, secret = (each.decode() for each in zmq.curve_keypair())
    return {"role": "client", "name": "alice", "public": public, "secret": secret, "broker": zmq.curve_keypair()[0].decode()}


def write(path: Path, lines: dict[str, str], mode: int = 0o600) -> Path:
    path.write_text("# the key of a client\n\n" + "".join(f"{word} {value}\r\n" for word, value in lines.items()))
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o400])
def test_a_key_is_read(tmp_path: Path, lines: dict[str, str], mode: int) -> None:
    key = Key.read(write(tmp_path / "alice.key", lines, mode))
    assert (key.role, key.name, key.public, key.secret, key.broker) == tuple(lines.values())


def test_the_secret_does_not_show(tmp_path: Path, lines: dict[str, str]) -> None:
    key = Key.read(write(tmp_path / "alice.key", lines))
    assert lines["secret"] not in repr(key)
    assert lines["secret"] not in repr(Client(key=key))


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o601])
def test_a_secret_that_others_may_read_is_refused(tmp_path: Path, lines: dict[str, str], mode: int) -> None:
    with pytest.raises(ValueError, match="chmod 600"):
        Key.read(write(tmp_path / "alice.key", lines, mode))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"role": "broker"}, "client, a worker or an admin"),
        ({"public": "short"}, '"public" is not 40'),
        ({"secret": "~" * 40}, '"secret" is not 40'),
        ({"broker": ""}, "line 7"),
        ({"shout": "x"}, "line 8"),
        ({"public": zmq.curve_keypair()[0].decode()}, "belong together"),
    ],
)
def test_what_is_no_key_is_refused_without_telling_it(
    tmp_path: Path, lines: dict[str, str], change: dict[str, str], words: str
) -> None:
    path = write(tmp_path / "alice.key", {**lines, **change})
    with pytest.raises(ValueError, match=words) as caught:
        Key.read(path)
    assert str(path) in str(caught.value)
    assert lines["secret"] not in str(caught.value)


@pytest.mark.parametrize("word", ["role", "name", "public", "secret", "broker"])
def test_every_line_is_needed(tmp_path: Path, lines: dict[str, str], word: str) -> None:
    del lines[word]
    with pytest.raises(ValueError, match=f'no line "{word}"'):
        Key.read(write(tmp_path / "alice.key", lines))


def test_what_is_no_file_of_a_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        Key.read(tmp_path / "nothing")
    with pytest.raises(ValueError, match=r"cannot be read|not a file"):
        Key.read(tmp_path)
    for content in (b"x" * 5000, b"\xff\xfe"):
        path = tmp_path / "other.key"
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(ValueError, match="no key file"):
            Key.read(path)


def test_a_client_reads_its_key_when_it_connects(tmp_path: Path, lines: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(key=tmp_path / "later.key")
    with pytest.raises(ValueError, match=r"later\.key cannot be read"):
        client.health()
    write(tmp_path / "later.key", lines)
    assert client.configuration.resolved_key() == Key.read(tmp_path / "later.key")
    monkeypatch.setenv("BOXWOOD_KEY", str(tmp_path / "later.key"))
    assert Client("tcp://server:1").configuration.resolved_key() == Key.read(tmp_path / "later.key")
