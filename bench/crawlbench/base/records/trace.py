"""One request as the mirror saw it: a line of `trace.jsonl.gz` (floor 0)."""

from __future__ import annotations

from dataclasses import dataclass

TRACE_FORMAT = 1
"""Version of the lines of `trace.jsonl.gz`. 1: first."""


@dataclass(frozen=True, slots=True)
class TracedRequest:
    """One request of a traced crawl; times are seconds since the crawl's first connection."""

    cell: str
    """Name of the cell that crawled."""
    connection: int
    """Number of the connection within the crawl, from 1; 0 for one that was open before."""
    http: str
    """Version that was spoken: `1.1` or `2`."""
    page: str
    """Address, as the counters name it."""
    status: int
    """Status of the answer; 0 if there was none."""
    wire_bytes: int
    """Size of the answer with its head; 0 if there was none."""
    opened_s: float
    """When the connection was ready, with TLS; below zero if it was open before."""
    arrived_s: float
    """When the whole request had arrived."""
    first_byte_s: float | None
    """When the answer's first byte was handed to the system; None if it never was."""
    last_byte_s: float | None
    """When the last byte was; None if it never was, because the client left or a fault stalls."""
