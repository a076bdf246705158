"""Limits against clients that are broken or hostile, far above what a crawler sends (floor 2)."""

from __future__ import annotations

from typing import Final

__all__ = [
    "MAX_BODY_BYTES",
    "MAX_HEAD_BYTES",
    "MAX_TARGET_BYTES",
    "MAX_TLS_BYTES",
    "MAX_UNSENT_BYTES",
    "REFUSALS",
]

MAX_HEAD_BYTES: Final = 65_536  # of a head; of what comes with a body and is none, as a trailer
MAX_TARGET_BYTES: Final = 8_192
MAX_BODY_BYTES: Final = 1_048_576

MAX_UNSENT_BYTES: Final = 131_072
"""Of answers that a client has not taken; beyond, it counts as one that does not read."""

MAX_TLS_BYTES: Final = 1_048_576
"""Of the mirror's memory that a connection over TLS takes, whatever its client does.

OpenSSL keeps its state and a record each way, the event loop a buffer of 256 KiB to read into, and
as much as MAX_UNSENT_BYTES waits to be sent, encrypted and not. What most connections take stands
in docs/networks.md; `most_connections` of a network, or the system's limit of open files, bounds
their number.
"""

REFUSALS: Final = {
    400: "this is no well-formed request of HTTP/1.1 with exactly one valid Host header",
    413: f"the body is longer than {MAX_BODY_BYTES:,} bytes",
    414: f"the target is longer than {MAX_TARGET_BYTES:,} bytes",
    417: "the only expectation that can be met is 100-continue",
    431: f"the head, or a trailer, is longer than {MAX_HEAD_BYTES:,} bytes",
    505: "HTTP/1.0 and HTTP/1.1 are spoken here, and HTTP/2 after its own preface",
}
"""What is said of a request that is refused, by status, where there is nothing closer to say."""
