"""One request as the mirror saw it: a line of `trace.jsonl.gz` (floor 0)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TRACE_FORMAT", "TracedRequest"]

TRACE_FORMAT = 1
"""Version of the lines of `trace.jsonl.gz`. 1: first."""


@dataclass(frozen=True, slots=True)
class TracedRequest:
    """One request of a traced crawl; times are seconds since the crawl's first connection."""

    cell: str
    """Name of the cell that crawled."""
    connection: int
    """The how-manieth of the crawl, from 1; 0 for one that was open before it."""
    http: str
    """Version that was spoken: `1.1` or `2`."""
    page: str
    """Address as the counters name it."""
    status: int
    """Of the answer; 0 if there was none."""
    wire_bytes: int
    """Of the answer, its head included; 0 if there was none."""
    opened_s: float
    """When the connection was ready, TLS included; below zero for one that was open before."""
    arrived_s: float
    """When the request had come whole."""
    first_byte_s: float | None
    """When the answer's first byte was handed to the system; None if it never was."""
    last_byte_s: float | None
    """When its last byte was; None if it never was, as when the client left or a fault stalls."""
