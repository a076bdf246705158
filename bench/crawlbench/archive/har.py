"""Reads the responses of a HAR, as browsers and proxies save it (floor 4).

HARs differ in many ways: some have a byte-order mark, numbers as text, nulls, or bodies in separate
files. An entry that cannot be used is reported as a problem and does not affect the others, unless
it is nested more deeply than the JSON reader goes (1,000 levels): then the file is refused.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from typing import TYPE_CHECKING

import msgspec

from crawlbench.archive.capture import Capture, SkippedError
from crawlbench.archive.decode import bounded
from crawlbench.base.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_HAR_BYTES = 2**29
"""The largest HAR: it is a single JSON text, so all of it has to be in memory."""

_ESCAPES = re.compile(
    rb"(\\\\|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2})|\\u[dD][89a-fA-F][\da-fA-F]{2}"
)
"""Escapes to keep, or half of a surrogate pair, which is not a character."""

_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read_har(name: str, text: bytes, read_file: Callable[[str], bytes]) -> Iterator[Capture]:
    """Yield the responses of a HAR, in order.

    Args:
        name: the file's name, for messages.
        text: the file's content.
        read_file: returns a body that is stored in a file beside the HAR; raises `SkippedError`.

    Raises:
        UsageError: it is not a HAR.
    """
    for number, entry in enumerate(_find_entries(name, text)):
        where = f"entry {number} of {name}"
        try:
            yield _capture(msgspec.json.decode(entry), where, read_file)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            yield Capture(where, 0, [], bytes, problem=f"broken ({error})")


class _Log(msgspec.Struct):
    entries: list[msgspec.Raw]
    """Parts of the text without copies; they are decoded one at a time."""


class _Har(msgspec.Struct):
    log: _Log


def _find_entries(name: str, text: bytes) -> list[msgspec.Raw]:
    try:
        text = text.removeprefix(codecs.BOM_UTF8)
        if mark := _MARKS.get(text[:2]):
            text = text.decode(mark).encode()  # msgspec reads only UTF-8
        return _decode_har(text).log.entries
    except msgspec.ValidationError as error:
        raise UsageError(
            f"{name} is JSON but not a whole HAR, which has log.entries ({error}); save it in the "
            "browser by developer tools, network, 'save all as HAR with content'"
        ) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{name} is not a whole HAR file: {error}; save it again") from error


def _decode_har(text: bytes) -> _Har:
    try:
        return msgspec.json.decode(text, type=_Har)
    except msgspec.ValidationError:  # it is JSON, so no pair is halved
        raise
    except msgspec.DecodeError:  # perhaps because of half a pair, which browsers do write
        mended = _ESCAPES.sub(lambda found: found[1] or b"\\ufffd", text)
        return msgspec.json.decode(mended, type=_Har)


def _capture(entry: object, where: str, read_file: Callable[[str], bytes]) -> Capture:
    request, response = _dict(_dict(entry).get("request")), _dict(entry).get("response")
    url = request.get("url")
    if not isinstance(url, str):
        return Capture(where, 0, [], bytes, problem="without an address")
    if not isinstance(response, dict):
        return Capture(url, 0, [], bytes, problem="without an answer")
    content = _dict(response.get("content"))
    headers = _headers(response, content)
    method = str(request.get("method") or "GET").upper()
    if method != "GET":  # what it redirects to is not what a GET of its address would
        return Capture(url, 0, [], bytes, problem=f"an answer to {method[:20]}")
    leniencies: list[str] = []

    def read() -> bytes:
        return _read(content, read_file, leniencies)

    return Capture(url, _status(response), headers, read, leniencies=leniencies)


def _dict(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _status(response: dict[str, object]) -> int:
    status = str(response.get("status"))
    return int(status) if status.isascii() and status.isdecimal() and len(status) <= 3 else 0


def _headers(response: dict[str, object], content: dict[str, object]) -> list[tuple[str, str]]:
    """Return the headers, including the content type, which browsers may store elsewhere."""
    listed = response.get("headers")
    pairs = [_dict(pair) for pair in listed] if isinstance(listed, list) else []
    named = [(pair.get("name"), pair.get("value")) for pair in pairs]
    headers = [(n, v) for n, v in named if isinstance(n, str) and isinstance(v, str)]
    names = {name.lower() for name, _ in headers}
    mime_type, redirect = content.get("mimeType"), response.get("redirectURL")
    if "content-type" not in names and isinstance(mime_type, str) and mime_type:
        headers.append(("Content-Type", mime_type))
    if not _is_base64(content) and "_file" not in content:
        # the browser has decoded the text, so the page's own encoding no longer counts
        headers = [(name, _as_utf8(name, value)) for name, value in headers]
    if "location" not in names and isinstance(redirect, str) and redirect:
        headers.append(("Location", redirect))
    return headers


def _is_base64(content: dict[str, object]) -> bool:
    return str(content.get("encoding") or "").strip().lower() == "base64"


def _as_utf8(name: str, value: str) -> str:
    if name.lower() != "content-type":
        return value
    return f"{value.partition(';')[0].strip()}; charset=utf-8"


def _read(
    content: dict[str, object], read_file: Callable[[str], bytes], leniencies: list[str]
) -> bytes:
    text, file = content.pop("text", None), content.get("_file")  # else it would be in memory twice
    if isinstance(file, str):
        return read_file(file)
    if not isinstance(text, str):
        raise SkippedError("saved without its body")
    if not _is_base64(content):
        # Base64 is the only one that HAR has; some writers name the page's charset here.
        if encoding := content.get("encoding"):
            leniencies.append(f"plain text although their encoding is {str(encoding)[:20]!r}")
        return bounded(text.encode(errors="replace"))
    try:
        octets = text.encode("ascii")
        del text  # for the same reason
        return bounded(_from_base64(octets))
    except ValueError as error:
        raise SkippedError("encoded in base64 that is broken") from error


def _from_base64(octets: bytes) -> bytes:
    try:
        return base64.b64decode(octets, validate=True)
    except binascii.Error:  # perhaps because of line breaks
        return base64.b64decode(b"".join(octets.split()), validate=True)
