# SPDX-License-Identifier: MIT
"""The numbers of the protocol that a client has to know; `protocol/README.md` has the whole table."""

MAGIC = b"BXW1"
DEFAULT_ENDPOINT = "tcp://127.0.0.1:5540"

BODY_BYTES = 4 << 20
"""The body of a request."""
IMAGE_BYTES = 32 << 20
FRAME_BYTES = 64 << 20
"""A larger frame closes the connection."""

DEFAULT_TIMEOUT = 60.0
"""Seconds, for a call that says nothing."""
MAX_TIMEOUT = 3600.0
EVENT_WINDOW = 1024
"""Events that may be on their way."""
BROKERS = 16
"""Endpoints that a client can be given."""
ID_BYTES = 64
"""Call ids and idempotency keys."""
