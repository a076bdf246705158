"""Limits against broken or hostile clients, far above what a crawler sends (floor 2)."""

from __future__ import annotations

from typing import Final

MAX_HEAD_BYTES: Final = 65_536  # of a head, or of what surrounds a body, such as a trailer
MAX_HEADERS: Final = 1_000  # as in nginx
MAX_TARGET_BYTES: Final = 8_192
MAX_BODY_BYTES: Final = 1_048_576

MAX_UNSENT_BYTES: Final = 131_072
"""Bytes of answers that a client has not taken, beyond which it counts as not reading."""

MAX_TLS_BYTES: Final = 1_048_576
"""Memory of the mirror that a TLS connection takes, whatever its client does.

OpenSSL keeps its state and a record for each direction, the event loop a buffer of 256 KiB to read
into, and up to MAX_UNSENT_BYTES wait to be sent, both encrypted and plain. docs/networks.md says
what most connections take; a network's `most_connections`, or the system's limit of open files,
bounds their number.
"""

MAX_RESETS: Final = 100
"""Requests taken back over HTTP/2, beyond the number of answers: the attack known as rapid
reset."""
MAX_CHATTER: Final = 1_000
"""Frames of HTTP/2 that ask for nothing, per request and before the first."""
MAX_UNREAD_BYTES: Final = 2**21
"""Of an incomplete frame: h2 waits for all of it, however long."""

FAREWELL_S: Final = 1.0
"""How long a client that is sent away has to read why, and to hang up.

A socket that is closed while its client still sends is reset, which discards what the client has
not read yet.
"""

REFUSALS: Final = {
    400: "this is not a well-formed HTTP/1.1 request with exactly one valid Host header",
    412: "no page has an entity tag, so If-Match can only be *, and every page exists",
    413: f"the body is longer than {MAX_BODY_BYTES:,} bytes",
    414: f"the target is longer than {MAX_TARGET_BYTES:,} bytes",
    417: "this server can meet only the expectation 100-continue",
    431: f"the head, or a trailer, is longer than {MAX_HEAD_BYTES:,} bytes, or there are more than "
    f"{MAX_HEADERS:,} headers",
    501: "this server knows no transfer coding but chunked",
    505: "this server speaks HTTP/1.0, HTTP/1.1, and HTTP/2 after its own preface",
}
"""What to say about a refused request, by status, unless there is something more specific."""


class Http2Patience:
    """The patience with one HTTP/2 client that sends what asks for nothing.

    Each method returns whether it has just ended.
    """

    __slots__ = ("_chatter", "_resets", "_unread_bytes")

    def __init__(self) -> None:
        """Start with all of it."""
        self._chatter = self._resets = self._unread_bytes = 0

    def ends_by_chatter(self, served: int) -> bool:
        """Count a frame that asks for nothing, from a client with so many requests."""
        self._chatter += 1
        return self._chatter > MAX_CHATTER * (1 + served)

    def ends_by_reset(self, answered: int) -> bool:
        """Count a request that is taken back by a client that took so many answers."""
        self._resets += 1
        return self._resets > MAX_RESETS + answered

    def ends_by_length(self, size: int, *, is_whole: bool) -> bool:
        """Count bytes, and forget them if they complete a frame."""
        self._unread_bytes = size + (0 if is_whole else self._unread_bytes)
        return self._unread_bytes > MAX_UNREAD_BYTES
