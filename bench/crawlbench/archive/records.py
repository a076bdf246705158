"""What is asked of one record of a WARC, which warcio has opened (floor 4)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from crawlbench.archive.capture import MAX_PAGE_BYTES, SkippedError
from crawlbench.archive.decode import TOO_LARGE, decode_body

if TYPE_CHECKING:
    from crawlbench.archive.capture import Capture

_STEP_BYTES = 2**16
_METHOD_BYTES = 20


def ids_of(record: Any) -> list[str]:  # noqa: ANN401
    """Return the ids of a record and of those that were captured with it."""
    names = {"warc-record-id", "warc-concurrent-to"}
    return [value for name, value in record.rec_headers.headers if name.lower() in names]


def method_of(record: Any) -> str:  # noqa: ANN401
    """Return the method of a request; what names none is taken for GET.

    So is CONNECT, which some proxies write down: what they captured came through that tunnel.
    """
    method, blank, _ = record.raw_stream.read(_METHOD_BYTES).decode("latin-1").partition(" ")
    return method.upper() if blank and method.isalpha() and method.upper() != "CONNECT" else "GET"


def read_block(record: Any) -> bytes:  # noqa: ANN401
    """Return the rest of a record.

    Raises:
        SkippedError: it holds no whole body.
    """
    if record.rec_type == "revisit":
        raise SkippedError("a revisit, which has no body of its own")
    if record.rec_headers.get_header("WARC-Truncated"):
        raise SkippedError("cut short when it was captured")
    if record.raw_stream.limit > MAX_PAGE_BYTES:
        raise SkippedError(TOO_LARGE)
    block = io.BytesIO()  # its value is taken without a copy
    while part := record.raw_stream.read(_STEP_BYTES):
        block.write(part)
    return block.getvalue()


def decode_answer(body: bytes, capture: Capture) -> bytes:
    """Return the decoded body of an answer.

    Raises:
        SkippedError: it is cut short, or cannot be decoded.
    """
    transfer = capture.list_header("transfer-encoding")
    length = capture.header("content-length")
    if length.isdecimal() and not transfer and len(body) < int(length[:18]):
        raise SkippedError("cut short when it was captured")
    content = capture.list_header("content-encoding")
    return decode_body(body, transfer, content, capture.leniencies)
