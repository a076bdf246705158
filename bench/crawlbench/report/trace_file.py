"""Reads `trace.jsonl.gz`: one crawl per cell as the mirror saw it (floor 3)."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import msgspec

from crawlbench.base.errors import SessionFileError
from crawlbench.base.records.trace import TRACE_FORMAT, TracedRequest

if TYPE_CHECKING:
    from pathlib import Path

TRACE_FILE = "trace.jsonl.gz"
MAX_BYTES = 256 * 2**20
"""Size of the unpacked file; a larger one was not written by us."""
_BROKEN = (OSError, EOFError, zlib.error, msgspec.MsgspecError, ValueError, RecursionError)
"""What unpacking and decoding raise; the last one, for JSON that is nested too deeply."""


class _Head(msgspec.Struct):
    format: int


def load_trace(folder: Path) -> tuple[TracedRequest, ...]:
    """Return the traced requests from a session's folder; none if it has no trace.

    A line with a `format` and no request gives the version of the others.

    Raises:
        SessionFileError: there is a trace, but it is broken or has another version.
    """
    path = folder / TRACE_FILE
    try:
        with gzip.open(path) as file:
            # A small file can unpack to gigabytes.
            content = file.read(MAX_BYTES)
        return tuple(_decode(content))
    except FileNotFoundError:
        return ()
    except _BROKEN as error:
        raise SessionFileError(f"{TRACE_FILE} cannot be read: {error}") from error


def _decode(content: bytes) -> list[TracedRequest]:
    decoder = msgspec.json.Decoder(TracedRequest)
    requests = []
    for number, line in enumerate(content.splitlines()):
        # A page may be called "format" as well, but only a request says when it arrived.
        if number == 0 and b'"format"' in line and b'"arrived_s"' not in line:
            found = msgspec.json.decode(line, type=_Head).format
            if found != TRACE_FORMAT:
                raise ValueError(f"it has format {found}, this crawlbench reads {TRACE_FORMAT}")
        elif line.strip():
            requests.append(decoder.decode(line))
    return requests
