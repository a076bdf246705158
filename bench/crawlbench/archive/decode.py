"""Undoes the codings of archived bodies, within bounds (floor 3; pure)."""

from __future__ import annotations

import importlib
import zlib
from typing import TYPE_CHECKING, Any

from crawlbench.archive.capture import MOST_PAGE_BYTES, SkippedError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TOO_LARGE", "dechunk", "decode_body", "open_gunzip"]

TOO_LARGE = f"larger than {MOST_PAGE_BYTES // 2**20} MB"

_MOST_CODINGS = 4  # one on top of the other
_STEP_BYTES = 2**20


def decode_body(body: bytes, transfer_encoding: str, content_encoding: str) -> bytes:
    """Return a body as it was before any coding.

    Args:
        body: as it came over the wire.
        transfer_encoding: the header; empty if there was none.
        content_encoding: likewise.

    Raises:
        SkippedError: it is coded in a way that is not known or not right, or would be too large.
    """
    codings = [*_list(content_encoding), *_list(transfer_encoding)]
    if len(codings) > _MOST_CODINGS:
        raise SkippedError("coded too many times")
    for coding in reversed(codings):
        if coding not in _DECODERS:
            raise SkippedError(f"coded as {coding[:20]!r}, which is not known here")
        body = _DECODERS[coding](body)
    return body


def _list(header: str) -> list[str]:
    return [coding for part in header.split(",") if (coding := part.strip().lower())]


def dechunk(body: bytes) -> bytes:
    """Return what was sent in chunks.

    Raises:
        SkippedError: the chunks are wrong or end too early.
    """
    parts: list[bytes] = []
    at = 0
    while True:
        end = body.find(b"\r\n", at, at + 4096)
        size_text = body[at:end].partition(b";")[0].strip() if end >= 0 else b""
        try:
            size = int(size_text, 16)
        except ValueError:
            size = -1
        if size < 0 or b"_" in size_text or end + 2 + size > len(body):
            raise SkippedError("cut short or wrongly chunked")
        if size == 0:
            return b"".join(parts)
        at = end + 2 + size
        parts.append(body[end + 2 : at])
        if body[at : at + 2] != b"\r\n":
            raise SkippedError("cut short or wrongly chunked")
        at += 2


def _maybe_dechunk(body: bytes) -> bytes:
    """Take a body for whole if it does not begin as chunks do: some archives store it so."""
    size_text = body[:20].partition(b"\r\n")[0].partition(b";")[0].strip()
    try:
        int(size_text, 16)
    except ValueError:
        return body
    return dechunk(body)


def open_gunzip() -> Any:  # noqa: ANN401  (zlib does not export the type)
    """Return a decompressor of gzip files."""
    return zlib.decompressobj(16 + zlib.MAX_WBITS)


def _gunzip(body: bytes) -> bytes:
    return _inflate(body, open_gunzip())


def _undeflate(body: bytes) -> bytes:
    try:
        return _inflate(body, zlib.decompressobj())
    except SkippedError:  # half of all servers leave out zlib's header
        return _inflate(body, zlib.decompressobj(-zlib.MAX_WBITS))


def _inflate(body: bytes, decompressor: Any) -> bytes:  # noqa: ANN401  (see open_gunzip)
    try:
        decoded: bytes = decompressor.decompress(body, MOST_PAGE_BYTES + 1)
    except zlib.error:
        raise SkippedError("wrongly compressed") from None
    if len(decoded) > MOST_PAGE_BYTES:
        raise SkippedError(TOO_LARGE)
    if not decompressor.eof:
        raise SkippedError("cut short within its compression")
    return decoded


def _unbrotli(body: bytes) -> bytes:
    try:
        brotli = importlib.import_module("brotli")
    except ImportError:
        raise SkippedError("coded as br, which needs: pip install brotli") from None
    decompressor = brotli.Decompressor()
    parts, total = [], 0
    try:
        part = decompressor.process(body, output_buffer_limit=_STEP_BYTES)
        while part or not decompressor.can_accept_more_data():
            parts.append(part)
            total += len(part)
            if total > MOST_PAGE_BYTES:
                raise SkippedError(TOO_LARGE)
            part = decompressor.process(b"", output_buffer_limit=_STEP_BYTES)
        is_whole = decompressor.is_finished()
    except brotli.error:
        raise SkippedError("wrongly compressed") from None
    except TypeError:
        raise SkippedError("coded as br, which needs: pip install 'brotli>=1.2'") from None
    if not is_whole:
        raise SkippedError("cut short within its compression")
    return b"".join(parts)


_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "chunked": _maybe_dechunk,
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
}
