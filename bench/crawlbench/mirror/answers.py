"""An answer before any protocol has framed it, and a store of answers of limited size (floor 2)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

ENTRY_BYTES = 512  # what keeping a value costs besides its own bytes, with its key

Stored = TypeVar("Stored")


@dataclass(frozen=True, slots=True)
class Answer:
    """The content of an answer without framing: no Connection, no Content-Length, no chunks."""

    status: int
    headers: Mapping[str, str]
    """In the order in which they are sent."""
    body: bytes
    """Coded as the headers say; HEAD leaves it out."""
    has_length: bool = False
    """Whether HTTP/1.1 gives the body's length instead of sending it in chunks."""


class ByteStore(Generic[Stored]):
    """Keeps the values that were used most recently, up to a number of bytes."""

    def __init__(self, most_bytes: int, size: Callable[[Stored], int]) -> None:
        """Keep values whose sizes, which `size` returns, add up to at most `most_bytes`."""
        self._most_bytes = most_bytes
        self._size = size
        self._kept: OrderedDict[Hashable, Stored] = OrderedDict()
        self.bytes = 0
        """Bytes that are kept now."""

    def get(self, key: Hashable) -> Stored | None:
        """Return what is kept under this key, or None."""
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
        return kept

    def put(self, key: Hashable, value: Stored) -> Stored:
        """Keep a value, drop the least recently used ones, and return the value."""
        self._kept[key] = value
        self.bytes += self._size(value) + ENTRY_BYTES
        # The newest stays even where it alone is too big, or it would be rendered for each request.
        while self.bytes > self._most_bytes and len(self._kept) > 1:
            self.bytes -= self._size(self._kept.popitem(last=False)[1]) + ENTRY_BYTES
        return value
