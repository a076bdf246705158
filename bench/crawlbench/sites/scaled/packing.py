"""A gzip file whose parts can be exchanged without deflating the rest again (floor 1).

Deflate is a series of blocks, and a block can be *stored*: bytes as they are, after their length.
So the fixed parts of a text are deflated once, with a stored block in each place that differs from
page to page. Back references stay right as long as what is stored keeps its length. They never
reach into such a place, because during deflation it was filled with bytes that do not occur in the
text.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""Head of a gzip file without a name or a time, made on no particular system (RFC 1952)."""

END: Final = b"\x03\x00"
"""A final block that holds nothing."""

LEVEL: Final = 6
"""As on the real host; higher levels gain nothing here."""

_RAW: Final = -15
_EMPTY: Final = b"\x00\x00\xff\xff"
"""Length 0 and its complement: how a stored block that only aligns to a byte ends."""

_FILL: Final = (b"\x00\x01\x02", b"\x03\x04\x05")


def deflate_around(parts: Sequence[bytes], lengths: Sequence[int]) -> list[bytes]:
    """Deflate parts with a gap after each; a page's own bytes go between the pieces, in order.

    Args:
        parts: the fixed text, without control characters but line feeds.
        lengths: bytes of the gap after each part, 1 to 65,535; as many as parts.

    Returns:
        One piece per part. Each ends within a stored block whose bytes are those of the gap.
    """
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, _RAW, 9)
    pieces = []
    for number, (part, length) in enumerate(zip(parts, lengths, strict=True)):
        piece = packer.compress(part) + packer.flush(zlib.Z_SYNC_FLUSH)
        # What ends here is an empty stored block: it gets the gap's length and so its bytes.
        pieces.append(piece[: -len(_EMPTY)] + _stored_length(length))
        fill = _FILL[number % 2]
        # What comes of this is thrown away: it makes the packer count the gap in later distances.
        packer.compress((fill * (length // len(fill) + 1))[:length])
        packer.flush(zlib.Z_SYNC_FLUSH)
    return pieces


def deflate_whole(text: bytes, level: int = LEVEL) -> bytes:
    """Deflate a text that stands by itself and is followed by more blocks."""
    packer = zlib.compressobj(level, zlib.DEFLATED, _RAW)
    return packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH)


def gzip_file(blocks: Iterable[bytes], body: bytes) -> bytes:
    """Return the gzip file of a body, given its deflated blocks."""
    check = zlib.crc32(body).to_bytes(4, "little")
    return b"".join([HEAD, *blocks, END, check, (len(body) & 0xFFFFFFFF).to_bytes(4, "little")])


def _stored_length(length: int) -> bytes:
    return length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little")
