"""Undoes the codings of archived bodies, within bounds (floor 4; pure).

Headers describe what was sent, but archives often store something else. As browsers and the
formats' own readers do, we accept a body that is clearly the page, and report each such leniency.
"""

from __future__ import annotations

import importlib
import io
import re
import zlib
from typing import TYPE_CHECKING, Any

from crawlbench.archive.capture import MAX_PAGE_BYTES, SkippedError
from crawlbench.archive.sniffing import is_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def too_large(most_bytes: int) -> str:
    """Return the reason for not accepting a longer body."""
    size = f"{most_bytes // 2**20} MB" if most_bytes >= 2**20 else f"{most_bytes // 2**10} KiB"
    return f"larger than {size}"


TOO_LARGE = too_large(MAX_PAGE_BYTES)


GZIP_MAGIC = b"\x1f\x8b"

PLAIN = "plain although their header names a coding"
UNDONE = "whole although their header says that they came in chunks"
RUBBISH = "followed by something that is not of their coding"

_MAX_CODINGS = 4  # applied one after the other
_STEP_BYTES = 2**20
_FIRST_BYTES = 2**8  # small, so that many short streams in a row cost no more than one
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_CUT = "cut short within its compression"
_SIZE = re.compile(rb"[0-9A-Fa-f]+")
_TRAILERS = re.compile(rb"(?:[!#$%&'*+.^`|~\w-]+:[^\r\n]*\r\n)*")
"""Header fields that may follow the last chunk."""


class TooLargeError(SkippedError):
    """Raised when the decoded body is larger than we accept."""


class _OtherwiseError(SkippedError):
    """Raised when a body is not coded in the expected way at all."""


def bounded(body: bytes) -> bytes:
    """Return a page's body if it is not too large.

    Raises:
        SkippedError: it is too large.
    """
    if len(body) > MAX_PAGE_BYTES:
        raise SkippedError(TOO_LARGE)
    return body


def decode_body(
    body: bytes, transfer: Sequence[str], content: Sequence[str], leniencies: list[str]
) -> bytes:
    """Return the decoded body.

    Args:
        body: the body as it was sent, or as the archive stores it.
        transfer: entries of the header Transfer-Encoding, in order.
        content: entries of the header Content-Encoding, in order.
        leniencies: collects deviations from the headers.

    Raises:
        SkippedError: a coding is unknown or wrong, or the result would be too large.
    """
    codings = [coding.lower() for coding in (*content, *transfer)]
    if len(codings) > _MAX_CODINGS:
        raise SkippedError(f"coded {len(codings)} times, of which {_MAX_CODINGS} are undone")
    for coding in reversed(codings):
        body = _undo(coding, body, leniencies)
    return body


def _undo(coding: str, body: bytes, leniencies: list[str]) -> bytes:
    decoder = _DECODERS.get(coding)
    if not body:
        return body
    try:
        if decoder is None:
            raise _OtherwiseError(f"coded as {coding[:20]!r}, which is not known here")
        return decoder(body, leniencies)
    except _OtherwiseError:
        # A body without chunk sizes has been put together by the archive, whatever it is. Under any
        # other coding, only text is surely the page itself.
        if coding != "chunked" and not is_text(body):
            raise
        leniencies.append(UNDONE if coding == "chunked" else PLAIN)
        return body


def _dechunk(body: bytes, leniencies: list[str]) -> bytes:
    """Return a body that was sent in chunks.

    Raises:
        SkippedError: the chunks are wrong or end too early.
    """
    whole, view, at = io.BytesIO(), memoryview(body), 0  # so that large pages are copied only once
    while True:
        end = body.find(b"\r\n", at, at + 4096)
        size = _chunk_size(body[at:end]) if end >= 0 else -1
        # Only the first line can show that there are no chunks at all; later ones are broken.
        if size < 0 and not at:
            raise _OtherwiseError("wrongly chunked")
        if size < 0 or end + 2 + size > len(body):
            raise SkippedError("cut short or wrongly chunked")
        if size == 0:
            _note_rest(_TRAILERS.sub(b"", body[end + 2 :], count=1).strip(), leniencies)
            return whole.getvalue()
        at = end + 2 + size
        whole.write(view[end + 2 : at])
        if body[at : at + 2] != b"\r\n":
            raise SkippedError("cut short or wrongly chunked")
        at += 2


def _chunk_size(line: bytes) -> int:
    """Return the size from the first line of a chunk; -1 if the line has none."""
    text = line.partition(b";")[0].strip()
    # int() alone would also accept 1_0, +1, -1 and 0x1.
    return int(text, 16) if _SIZE.fullmatch(text) else -1


def _note_rest(rest: bytes, leniencies: list[str]) -> None:
    if rest.strip(b"\0"):
        leniencies.append(RUBBISH)


def open_gunzip() -> Any:  # noqa: ANN401  (zlib does not export the type)
    """Return a decompressor of gzip files."""
    return zlib.decompressobj(16 + zlib.MAX_WBITS)


def gunzip(body: bytes, leniencies: list[str], most_bytes: int = MAX_PAGE_BYTES) -> bytes:
    """Return the content of all members of a gzip file.

    Args:
        body: the file.
        leniencies: collects deviations that do not matter.
        most_bytes: the largest content that is accepted.

    Raises:
        SkippedError: it is not a gzip file, or is cut short, broken or too large.
    """
    if not body.startswith(GZIP_MAGIC):
        raise _OtherwiseError("wrongly compressed")
    held, at = io.BytesIO(), 0
    while body.startswith(GZIP_MAGIC, at):
        at = _inflate(body, at, open_gunzip(), held, most_bytes)
    _note_rest(body[at:], leniencies)
    return held.getvalue()


def _undeflate(body: bytes, leniencies: list[str]) -> bytes:
    # Raw deflate has no signature: a page might pass for a stream that is cut short.
    if _is_markup(body):
        raise _OtherwiseError("wrongly compressed")
    held = io.BytesIO()
    try:
        end = _inflate(body, 0, zlib.decompressobj(), held, MAX_PAGE_BYTES)
    except _OtherwiseError:  # half of all servers leave out zlib's header
        held = io.BytesIO()  # the first try may have left something
        end = _inflate(body, 0, zlib.decompressobj(-zlib.MAX_WBITS), held, MAX_PAGE_BYTES)
    _note_rest(body[end:], leniencies)
    return held.getvalue()


def _inflate(
    body: bytes,
    begin: int,
    decompressor: Any,  # noqa: ANN401
    held: io.BytesIO,  # its value is taken without a copy
    most_bytes: int,
) -> int:
    """Append the content of a stream to `held`, within bounds, and return where the stream ends."""
    view, at, step = memoryview(body), begin, _FIRST_BYTES
    while not decompressor.eof:
        piece = view[at : at + step]
        if not piece:
            raise SkippedError(_CUT)
        try:
            held.write(decompressor.decompress(piece, most_bytes - held.tell() + 1))
        except zlib.error:
            raise _OtherwiseError("wrongly compressed") from None
        if held.tell() > most_bytes:
            raise TooLargeError(too_large(most_bytes))
        # Nothing can be left unconsumed: that would be beyond the limit, which was just checked.
        at += len(piece) - len(decompressor.unused_data)
        step = min(2 * step, _STEP_BYTES)
    return at


def _unbrotli(body: bytes, leniencies: list[str]) -> bytes:  # noqa: ARG001  (see _DECODERS)
    if _is_markup(body):  # brotli would take it for a stream that is cut short
        raise _OtherwiseError("wrongly compressed")
    try:
        brotli = importlib.import_module("brotli")
    except ImportError:
        raise SkippedError("coded as br, which needs: pip install brotli") from None
    decompressor = brotli.Decompressor()
    parts, total = [], 0
    try:
        # In bounded steps, because a small body may become larger than the memory.
        part = decompressor.process(body, output_buffer_limit=_STEP_BYTES)
        while part or not decompressor.can_accept_more_data():
            parts.append(part)
            total += len(part)
            if total > MAX_PAGE_BYTES:
                raise SkippedError(TOO_LARGE)
            part = decompressor.process(b"", output_buffer_limit=_STEP_BYTES)
        is_whole = decompressor.is_finished()
    except brotli.error:
        raise _OtherwiseError("wrongly compressed") from None
    except TypeError:
        raise SkippedError("coded as br, which needs: pip install 'brotli>=1.2'") from None
    if not is_whole:
        raise SkippedError(_CUT)
    return b"".join(parts)


def _unzstd(body: bytes, leniencies: list[str]) -> bytes:
    if not body.startswith(_ZSTD_MAGIC):
        raise _OtherwiseError("wrongly compressed")
    parts: list[bytes] = []
    while body.startswith(_ZSTD_MAGIC):
        zstd = _find_zstd()
        decompressor = zstd.ZstdDecompressor()
        room = MAX_PAGE_BYTES - sum(map(len, parts))
        try:
            parts.append(decompressor.decompress(body, room + 1))
        except zstd.ZstdError:  # no plain text either, as it has the signature
            raise SkippedError("wrongly compressed") from None
        if len(parts[-1]) > room:
            raise SkippedError(TOO_LARGE)
        if not decompressor.eof:
            raise SkippedError(_CUT)
        body = decompressor.unused_data
    _note_rest(body, leniencies)
    return b"".join(parts)


def _find_zstd() -> Any:  # noqa: ANN401  (a module)
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise SkippedError("coded as zstd, which needs: pip install backports.zstd")


def _is_markup(body: bytes) -> bool:
    return body[:64].lstrip().startswith(b"<") and is_text(body)


def _keep(body: bytes, leniencies: list[str]) -> bytes:  # noqa: ARG001  (see _DECODERS)
    return body


_DECODERS: dict[str, Callable[[bytes, list[str]], bytes]] = {
    "identity": _keep,
    "chunked": _dechunk,
    "gzip": gunzip,
    "x-gzip": gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
