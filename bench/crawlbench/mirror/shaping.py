"""Bandwidth: when bytes have passed through a line (floor 2; pure)."""

from __future__ import annotations

PIECE_S = 0.002  # a line hands over what it carries in this time
MIN_PIECE_BYTES = 1448  # a full packet on Ethernet
MAX_PIECE_BYTES = 65_536


class Line:
    """A line that carries one piece after the other, at a number of bytes per second."""

    __slots__ = ("_free_at", "bytes_per_s")

    def __init__(self, bytes_per_s: float) -> None:
        """Start empty."""
        self.bytes_per_s = bytes_per_s
        self._free_at = 0.0

    def carry(self, size_bytes: int, start: float) -> float:
        """Take a piece, and return when its last byte has passed through, in seconds.

        Args:
            size_bytes: the size of the piece.
            start: when the piece is ready, in seconds on the same clock.
        """
        # An idle line saves nothing up: what it could have carried until now is lost.
        self._free_at = max(self._free_at, start) + size_bytes / self.bytes_per_s
        return self._free_at


def piece_bytes(bytes_per_s: float) -> int:
    """Return how many bytes are sent at a time over a line of this bandwidth."""
    # Such as a fault's byte a second: as packets, nobody would see anything for minutes.
    if bytes_per_s < MIN_PIECE_BYTES:
        return 1
    return min(MAX_PIECE_BYTES, max(MIN_PIECE_BYTES, int(bytes_per_s * PIECE_S)))
