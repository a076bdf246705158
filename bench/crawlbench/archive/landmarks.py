"""Finds the next readable record of a WARC after a broken one (floor 4)."""

from __future__ import annotations

import re
import zlib
from typing import IO, TYPE_CHECKING

from crawlbench.archive.decode import GZIP_MAGIC, open_gunzip
from crawlbench.archive.heads import MAGIC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STEP_BYTES = 2**16
_OVERLAP_BYTES = 2**10
"""Overlap of two steps, so that a sign across their border is found."""
_LINE = re.compile(rb"(WARC/\d\.\d+\r?\n[A-Za-z-]+:)")
_MEMBER = re.compile(rb"(" + re.escape(GZIP_MAGIC) + rb"\x08)")


def find_record(
    file: IO[bytes], begin: int, *, is_gzip: bool, spend: Callable[[int], bool]
) -> int | None:
    """Return where the next record seems to begin; None if there is none.

    In a gzipped file this is a member that begins with a record.

    Args:
        file: a seekable file.
        begin: the byte at which the search begins.
        is_gzip: whether the records are gzipped.
        spend: called with the bytes that a try has read; returns whether more may be read.
    """
    for place, text in _find_signs(file, begin, _MEMBER if is_gzip else _LINE):
        # A record's first line is proof enough; three bytes like those of gzip occur by chance.
        if not is_gzip or _begins_record(text):
            return place
        if not spend(_OVERLAP_BYTES):
            break
    return None


def _find_signs(
    file: IO[bytes], begin: int, sign: re.Pattern[bytes]
) -> Iterator[tuple[int, bytes]]:
    """Yield the place of each sign, and the bytes that follow it."""
    file.seek(begin)
    window, is_end = b"", False
    while not is_end:
        data = file.read(_STEP_BYTES)
        is_end = not data
        window += data
        # A sign in the overlap waits for the next step, which has what follows it.
        whole = len(window) if is_end else len(window) - _OVERLAP_BYTES
        for found in sign.finditer(window):
            at = found.start(1)
            if at < whole:
                yield begin + at, window[at : at + _OVERLAP_BYTES]
        kept = max(whole, 0)
        window, begin = window[kept:], begin + kept


def _begins_record(text: bytes) -> bool:
    try:
        return bytes(open_gunzip().decompress(text, len(MAGIC))) == MAGIC
    except zlib.error:
        return False
