"""Bytes that show when they are stale, lost or out of place (floor 2)."""

from __future__ import annotations

import random

MIB = 2**20
CHUNK_BYTES = 64 * 1024
"""Bytes written at a time in bulk."""
PERIOD_BYTES = 65_521
"""Bytes after which the pattern repeats: a prime, so that no chunk equals its neighbours."""
# A fixed seed, because the loop's process and its peer each make the pattern. It has one period
# more than any piece, since a piece may start anywhere in the first.
_PATTERN = random.Random(6).randbytes(PERIOD_BYTES) * 6
_MAX_BYTES = 5 * PERIOD_BYTES
_NUMBER_BYTES = 8


def numbered(number: int, size: int) -> bytes:
    """Return `size` bytes, at least 8, that no other number has."""
    return number.to_bytes(_NUMBER_BYTES, "big") + _PATTERN[: size - _NUMBER_BYTES]


def pattern(position: int, size: int) -> bytes:
    """Return `size` bytes, at most five periods, of the endless pattern from a position on."""
    assert size <= _MAX_BYTES
    start = position % PERIOD_BYTES
    return _PATTERN[start : start + size]


def is_pattern(data: bytes | bytearray | memoryview, position: int) -> bool:
    """Return whether bytes, at most five periods, are those of the pattern at a position."""
    assert len(data) <= _MAX_BYTES
    return _PATTERN.startswith(data, position % PERIOD_BYTES)  # compares in place
