"""How much an HTTP/2 client may send that asks for nothing (floor 2; pure)."""

from __future__ import annotations

from typing import Final

MAX_RESETS: Final = 100
"""Requests taken back, beyond the number of answers: the attack known as rapid reset."""
MAX_CHATTER: Final = 1_000
"""Frames that ask for nothing, per request and before the first."""
MAX_UNREAD_BYTES: Final = 2**21
"""Of an incomplete frame: h2 waits for all of it, however long."""


class Patience:
    """The patience with one client; each method returns whether it has just ended."""

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
