"""The trace of a session: one crawl of each cell, request by request (floor 3).

`trace.jsonl.gz` holds one JSON object per line: first one with the `format`, then the requests with
the fields of `TracedRequest`, cell by cell. It is taken during the calibration, whose values are
not judged.
"""

from __future__ import annotations

import gzip
import json
from typing import IO, TYPE_CHECKING

import msgspec

from crawlbench.base.records import TRACE_FORMAT, TracedRequest
from crawlbench.base.storage import storing, write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

TRACE_FILE = "trace.jsonl.gz"
GZIP_LEVEL = 6


def write_trace(folder: Path, notes: Mapping[str, Path]) -> None:
    """Write `trace.jsonl.gz`, whole or not at all.

    Args:
        folder: the session's folder.
        notes: cell to the file that the mirror's tracer wrote.

    Raises:
        StorageError: it cannot be written.
    """
    path, encoder = folder / TRACE_FILE, msgspec.json.Encoder()

    def write(draft: Path) -> None:
        with draft.open("wb") as raw, gzip.GzipFile("", "wb", GZIP_LEVEL, raw, mtime=0) as file:
            file.write(encoder.encode({"format": TRACE_FORMAT}) + b"\n")
            for cell, source in notes.items():
                for request in _read_notes(cell, source):
                    file.write(encoder.encode(request) + b"\n")

    with storing(path):
        write_atomic(path, write)


def _read_notes(cell: str, path: Path) -> Iterator[TracedRequest]:
    """Yield what a tracer noted, with times from the first connection of the crawl."""
    if not path.exists():  # the mirror could not write it
        return
    with path.open(encoding="utf-8") as file:
        start = _find_start(file)
        file.seek(0)
        for line in file:
            connection, http, page, status, wire_bytes, *moments = json.loads(line)
            times = (None if t is None else round(t - start, 6) for t in moments)
            yield TracedRequest(cell, connection, http, page, status, wire_bytes, *times)  # type: ignore[arg-type]


def _find_start(file: IO[str]) -> float:
    """Return when the first connection opened, or else when the first request came."""
    opened, arrived = float("inf"), float("inf")
    for line in file:
        connection, *_, opened_s, arrived_s, _, _ = json.loads(line)
        arrived = min(arrived, arrived_s)
        if connection:  # 0 for one that was opened before the span
            opened = min(opened, opened_s)
    return opened if opened < float("inf") else arrived
