"""Writes an answer as HTTP/1.1 (floor 2; pure)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawlbench.mirror.answers import Answer

# How to frame an answer; the two lowest bits are those of `responses`.
HEAD = 4
CLOSE = 8
HTTP10 = 16  # has no chunks: the body ends with the connection

CHUNK_BYTES = 8192  # what nginx and similar servers send as one chunk
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


def render(answer: Answer, flags: int, keep_alive_s: float) -> bytes:
    """Return an answer as it goes over the wire."""
    head = render_head(answer, flags, keep_alive_s)
    if flags & HEAD or answer.status == 304:
        return head
    if answer.has_length or flags & HTTP10:
        return head + answer.body
    return head + _chunked(answer.body)


def render_head(answer: Answer, flags: int, keep_alive_s: float) -> bytes:
    """Return the status line and the headers, including those that concern the connection."""
    headers = dict(answer.headers)
    if flags & (CLOSE | HTTP10):
        headers["Connection"] = "close"
    else:
        headers["Connection"] = "keep-alive"
        headers["Keep-Alive"] = f"timeout={max(1, int(keep_alive_s))}"
    if answer.status == 304:
        pass  # neither body nor length: the length would be that of the page (RFC 9110, 8.6)
    elif answer.has_length:
        headers["Content-Length"] = str(len(answer.body))
    elif not flags & HTTP10:
        headers["Transfer-Encoding"] = "chunked"
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def render_chunk(data: bytes) -> bytes:
    """Return one chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _chunked(body: bytes) -> bytes:
    chunks = [body[at : at + CHUNK_BYTES] for at in range(0, len(body), CHUNK_BYTES)]
    return b"".join(map(render_chunk, chunks)) + LAST_CHUNK
