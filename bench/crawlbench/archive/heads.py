"""Refuses heads of records in which a writer or a disk has lost something (floor 4).

A writer that is killed within a head leaves half of it, and the next record's head follows. warcio
reads both as one, passes over the line between them, and takes the first of two equal fields: the
page of one record under the address of another.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from crawlbench.archive.plainstream import BrokenError

MAGIC = b"WARC/"
CUT = "the file ends within it"
_TWO = "another head begins within its head"
_ONCE = {
    *("warc-type", "warc-target-uri", "warc-record-id", "warc-date", "warc-truncated"),
    *("content-length", "content-type"),
}
"""Fields that we read or that each record has; none may be repeated (ISO 28500, 5.1)."""


class HeadParser:
    """warcio's parser for heads of a WARC, but one that sees where another head begins."""

    def __init__(self, parser: Any) -> None:  # noqa: ANN401  (warcio has no types)
        """Parse by a parser of warcio's."""
        self._parser = parser

    def parse(self, stream: Any, first_line: bytes | None = None) -> Any:  # noqa: ANN401
        """Return a head as warcio reads it.

        Raises:
            BrokenError: another head begins within it.
        """
        lines = _Lines(stream)
        if first_line is None:
            first_line = stream.readline()
        head = self._parser.parse(lines, first_line)
        if lines.has_magic:
            raise BrokenError(_TWO)
        return head


class _Lines:
    """The lines of a stream, and whether one of them began a record."""

    def __init__(self, stream: Any) -> None:  # noqa: ANN401
        self._stream = stream
        self.has_magic = False

    def readline(self) -> bytes:
        line: bytes = self._stream.readline()
        self.has_magic = self.has_magic or line.startswith(MAGIC)
        return line


def check_head(record: Any, most_bytes: int | None) -> None:  # noqa: ANN401
    """Refuse an impossible head before everything that follows is read for it.

    Args:
        record: a record of warcio's, of which only the head is read.
        most_bytes: how long its content can be; None if that is not known.

    Raises:
        BrokenError: its length is missing, impossible or too large, or a field is repeated.
    """
    is_arc = record.format == "arc"
    length = record.rec_headers.get_header("length" if is_arc else "Content-Length")
    if length is None:
        raise BrokenError("it does not state its length")
    if not (length.isascii() and length.strip().isdecimal()):
        raise BrokenError(f"its length is {length[:30]!r}")
    if not is_arc:
        times = Counter(name.lower() for name, _ in record.rec_headers.headers)
        if any(times[name] > 1 for name in _ONCE):
            raise BrokenError(_TWO)
    if most_bytes is not None and record.raw_stream.limit > most_bytes:
        raise BrokenError(CUT)
