"""A deflated member of a zip file, in which one can go back cheaply (floor 4).

zipfile goes back by inflating a member anew from its beginning, so that many broken records behind
large ones would take their number times the size of the member. Places in a WARC only grow, so the
state at the last place that was sought is enough to inflate all of it at most twice in each pass.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, Any

_STEP_BYTES = 2**16


@dataclass(slots=True)
class _State:
    """How far a member is inflated."""

    inflater: Any
    """zlib's object, which cannot go back but can be copied."""
    raw_at: int = 0
    """How much of the deflated data was read."""
    rest: bytes = b""
    """The end of that, if it was not needed yet."""
    at: int = 0
    checksum: int = 0
    """Of the `at` bytes that came out."""

    def copy(self) -> _State:
        return _State(self.inflater.copy(), self.raw_at, self.rest, self.at, self.checksum)


class Deflated(io.RawIOBase, IO[bytes]):
    """The content of a member as a file."""

    def __init__(self, raw: IO[bytes], size: int, checksum: int) -> None:
        """Inflate a file.

        Args:
            raw: the deflated data.
            size: the size that the content is said to have; nothing beyond it is read.
            checksum: the content's CRC-32.
        """
        self._raw = raw
        self._size = size
        self._checksum = checksum
        self._sought = _State(zlib.decompressobj(-zlib.MAX_WBITS))
        self._now = self._sought.copy()
        self.inflated_bytes = 0
        """How much was inflated in all, some of it perhaps several times."""

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that one can go to any place, at a cost."""
        return True

    def tell(self) -> int:
        """Return how many bytes are before the next one."""
        return self._now.at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, or to the end if that comes first, and return where that is."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._now.at, io.SEEK_END: self._size}[whence]
        place = max(base + offset, 0)
        if place < self._sought.at:
            self._now = _State(zlib.decompressobj(-zlib.MAX_WBITS))
        elif place < self._now.at:
            self._now = self._sought.copy()
        while self._now.at < place and self._inflate(min(place - self._now.at, _STEP_BYTES)):
            pass
        self._sought = self._now.copy()
        return self._now.at

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes, or fewer at the end.

        Raises:
            BadZipFile: the content is another than the checksum says, which only its end shows.
            EOFError: the data end too early.
            error: zlib's, for data that are damaged.
        """
        end = self._size if size < 0 else min(self._now.at + size, self._size)
        parts = []
        while self._now.at < end and (part := self._inflate(end - self._now.at)):
            parts.append(part)
        return b"".join(parts)

    def _inflate(self, size: int) -> bytes:
        """Return the next bytes, at most so many; none at the end."""
        now, data = self._now, b""
        size = min(size, self._size - now.at)
        while size > 0 and not data and not now.inflater.eof:
            raw = self._next_raw()
            data = now.inflater.decompress(raw, size)
            now.rest = now.inflater.unconsumed_tail
            # Without more data zlib may still give what it has held back.
            if not (raw or data or now.inflater.eof):
                raise EOFError("the data end too early")
        now.at += len(data)
        now.checksum = zlib.crc32(data, now.checksum)
        self.inflated_bytes += len(data)
        is_end = now.at == self._size or now.inflater.eof
        if data and is_end and (now.at, now.checksum) != (self._size, self._checksum):
            raise zipfile.BadZipFile("a checksum is wrong")
        return data

    def _next_raw(self) -> bytes:
        now = self._now
        if now.rest:
            return now.rest
        self._raw.seek(now.raw_at)
        raw = self._raw.read(_STEP_BYTES)
        now.raw_at += len(raw)
        return raw
