# SPDX-License-Identifier: MIT
"""The file of a key, as `boxwood keys new` writes it: everything that a client needs to speak to a broker with keys."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

VARIABLE = "BOXWOOD_KEY"
LONGEST = 4096
"""Bytes; more than any key's file has."""

_WORDS = ("role", "name", "public", "secret", "broker")
_Z85 = re.compile(r"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")
# What others, and the group beyond reading, must not do with a secret.
_TOO_OPEN = 0o027


@dataclass(frozen=True)
class Key:
    """Who a client is, and which broker it trusts. The secret shows nowhere but in `secret` itself."""

    role: str
    name: str
    public: str
    secret: str = field(repr=False)
    broker: str

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Key:
        """:raises ValueError: naming the file, also where others may read it or its halves do not belong together."""
        return cls.parse(_text(Path(path)), str(path))

    @classmethod
    def parse(cls, text: str, name: str = "the key") -> Key:
        """:param name: what an error calls it."""
        values: dict[str, str] = {}
        for number, line in enumerate(text.split("\n"), 1):
            line = line.removesuffix("\r")
            if not line or line.startswith("#"):
                continue
            word, _, value = line.partition(" ")
            if word not in _WORDS or not value or word in values:
                # Never what is on it: it may be a secret.
                raise ValueError(f"{name}: line {number} is not one word of a key file and its value")
            values[word] = value
        missing = [word for word in _WORDS if word not in values]
        if missing:
            raise ValueError(f'{name}: has no line "{missing[0]}"')
        key = cls(**values)
        key._check(name)
        return key

    def _check(self, name: str) -> None:
        if self.role not in ("client", "worker", "admin"):
            raise ValueError(f"{name}: the key of a client, a worker or an admin is needed")
        for word in ("public", "secret", "broker"):
            if _Z85.fullmatch(getattr(self, word)) is None:
                raise ValueError(f'{name}: "{word}" is not 40 characters of Z85')
        import zmq

        if not zmq.has("curve"):
            raise ValueError("this libzmq was built without CURVE, so connections cannot have keys")
        if zmq.curve_public(self.secret.encode()).decode() != self.public:
            raise ValueError(f"{name}: the public and the secret key do not belong together")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            # Of the file that was opened, not of what is under its name a moment later.
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise ValueError(f"{path} is not a file")
            if os.name == "posix" and mode & _TOO_OPEN:
                raise ValueError(f"{path} may be read by others or changed by its group; whoever reads it is you: chmod 600 it")
            data = file.read(LONGEST + 1)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > LONGEST:
        raise ValueError(f"{path} is no key file")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no key file") from None
