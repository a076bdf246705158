"""The uncompressed bytes of a WARC, member by member if it is gzipped (floor 4)."""

from __future__ import annotations

import io
import zlib
from collections import deque
from typing import IO, Any

from crawlbench.archive.decode import open_gunzip

MAX_HEAD_BYTES = 2**20
"""The most bytes between the end of one record's body and the next body; warcio has no limit."""

_STEP_BYTES = 2**16
_MAX_MEMBERS = 2**14  # so many beginnings are kept; a head spans only a few members


class BrokenError(Exception):
    """Raised when a WARC's content does not agree with what its records say."""


def held_by(reader: Any) -> bytes:  # noqa: ANN401  (warcio has no types)
    """Return what warcio's reader has taken from a stream, but nobody has read yet."""
    buffer = reader.buff
    return buffer.getvalue()[buffer.tell() :] if buffer else b""


class PlainStream(io.RawIOBase):
    """A file's uncompressed content from some place on; `allowance` limits what may be read."""

    def __init__(self, file: IO[bytes], begin: int, *, is_gzip: bool) -> None:
        """Begin at a place in the file, which must be a member if the file is gzipped."""
        file.seek(begin)
        self._file = file
        self._begin = begin
        self._is_gzip = is_gzip
        self._gunzip: Any = None
        self._members: deque[tuple[int, int]] = deque(maxlen=_MAX_MEMBERS)
        self._rest = b""
        self._ahead = b""
        self._inflated = 0
        self._at = 0
        self.allowance: int | None = None
        """How many bytes may still be read; None for any number."""

    def tell(self) -> int:
        """Return how many bytes have been read."""
        return self._at

    def place_of(self, at: int) -> int:
        """Return the place in the file of a recently read byte, or of the member that has it."""
        if not self._is_gzip:
            return self._begin + at
        places = [place for first, place in self._members if first <= at]
        return places[-1] if places else self._begin

    def read(self, size: int = -1) -> bytes:
        """Return some bytes, which never span two members; none at the end.

        Raises:
            BrokenError: more would be read than is allowed, or the file ends within a member.
        """
        size = min(size if size > 0 else _STEP_BYTES, _STEP_BYTES)
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        data = data or self._read_on(size)
        self._at += len(data)
        if self.allowance is not None:
            self.allowance -= len(data)
            if self.allowance < 0:
                raise BrokenError(f"its head has more than {MAX_HEAD_BYTES} bytes")
        return data

    def peek(self, size: int) -> bytes:
        """Return the bytes that follow without consuming them; fewer at the end of a member."""
        while len(self._ahead) < size:
            data = self._read_on(size - len(self._ahead), is_within=True)
            if not data:
                break
            self._ahead += data
        return self._ahead[:size]

    def give_back(self, data: bytes) -> None:
        """Take back what was read last; it is read again."""
        self._ahead = data + self._ahead
        self._at -= len(data)

    def _read_on(self, size: int, *, is_within: bool = False) -> bytes:
        if not self._is_gzip:
            return self._file.read(size)
        while True:
            if self._gunzip is None and (is_within or not self._open_member()):
                return b""
            if data := self._inflate(size):
                return data

    def _open_member(self) -> bool:
        """Go to the next member; return whether there is one."""
        while not (rest := self._rest.lstrip(b"\0")):  # a tape's padding
            self._rest = self._file.read(_STEP_BYTES)
            if not self._rest:
                return False
        self._rest = rest
        self._members.append((self._inflated, self._file.tell() - len(rest)))
        self._gunzip = open_gunzip()
        return True

    def _inflate(self, size: int) -> bytes:
        """Return some bytes of the current member; none at its end."""
        data = b""
        while not data and self._gunzip is not None:
            raw = self._rest or self._file.read(_STEP_BYTES)
            if not raw:
                raise BrokenError("the gzip file ends too early")
            try:
                data = self._gunzip.decompress(raw, size)
            except zlib.error as error:
                raise BrokenError("its gzip data are damaged") from error
            # Within a member some of it may wait, at its end what follows belongs to the next one.
            self._rest = self._gunzip.unconsumed_tail or self._gunzip.unused_data
            if self._gunzip.eof:
                self._gunzip = None
        self._inflated += len(data)
        return data
