"""Reads the responses of a HAR file, as browsers save it (floor 3)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

import msgspec

from crawlbench.archive.capture import MOST_PAGE_BYTES, Capture, SkippedError
from crawlbench.archive.decode import TOO_LARGE
from crawlbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["read_har"]

MOST_HAR_BYTES = 2**29
"""A HAR is one JSON text, so that all of it is in memory."""


class _Pair(msgspec.Struct):
    name: str
    value: str


class _Content(msgspec.Struct):
    text: str | None = None
    encoding: str | None = None
    mime_type: str | None = msgspec.field(default=None, name="mimeType")


class _Response(msgspec.Struct):
    status: int
    headers: list[_Pair] = []
    content: _Content = msgspec.field(default_factory=_Content)
    redirect_url: str | None = msgspec.field(default=None, name="redirectURL")


class _Request(msgspec.Struct):
    method: str
    url: str


class _Entry(msgspec.Struct):
    request: _Request
    response: _Response


class _Log(msgspec.Struct):
    entries: list[_Entry]


class _Har(msgspec.Struct):
    log: _Log


def read_har(path: Path) -> Iterator[Capture]:
    """Yield what a HAR holds, in order.

    Raises:
        UsageError: it is no HAR, or too large, or a page in it is base64 that is none.
    """
    try:
        size = path.stat().st_size
        if size > MOST_HAR_BYTES:
            raise UsageError(
                f"{path} has {size / 2**20:.0f} MB, and a HAR is read as a whole; "
                f"up to {MOST_HAR_BYTES // 2**20} MB is, a WARC of any size"
            )
        har = msgspec.json.decode(path.read_bytes(), type=_Har)
    except OSError as error:
        raise UsageError(f"cannot read {path} ({error.strerror})") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is no whole HAR: {error}; save it again") from error
    for number, entry in enumerate(har.log.entries):
        yield _capture(entry, f"{path}: entry {number} ({entry.request.url[:200]!r})")


def _capture(entry: _Entry, where: str) -> Capture:
    response = entry.response
    headers = [(pair.name, pair.value) for pair in response.headers]
    names = {name.lower() for name, _ in headers}
    if "content-type" not in names and response.content.mime_type:
        headers.append(("Content-Type", response.content.mime_type))
    if not response.content.encoding:  # the browser has decoded the text, whatever the page says
        headers = [(name, _as_utf8(name, value)) for name, value in headers]
    if "location" not in names and response.redirect_url:
        headers.append(("Location", response.redirect_url))

    def read() -> bytes:
        if entry.request.method != "GET":
            raise SkippedError(f"an answer to {entry.request.method[:20]}")
        return _read(response.content, where)

    return Capture(entry.request.url, response.status, headers, read)


def _as_utf8(name: str, value: str) -> str:
    if name.lower() != "content-type":
        return value
    return f"{value.partition(';')[0].strip()}; charset=utf-8"


def _read(content: _Content, where: str) -> bytes:
    if content.text is None:
        raise SkippedError("saved without its body")
    if len(content.text) > 2 * MOST_PAGE_BYTES:
        raise SkippedError(TOO_LARGE)
    if not content.encoding:
        return content.text.encode(errors="replace")
    if content.encoding != "base64":
        raise UsageError(f"{where} is encoded as {content.encoding!r}; a HAR knows base64 only")
    try:
        return base64.b64decode(content.text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UsageError(f"{where} is no base64: {error}; save the HAR again") from error
