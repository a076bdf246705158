"""How one answer goes over the wire, and what happens then (floor 2; pure)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from crawlbench.mirror.http1 import CHUNK_BYTES, HEAD, render_chunk

if TYPE_CHECKING:
    from crawlbench.mirror.answers import Answer
    from crawlbench.mirror.responses import Responses


class End(Enum):
    """What happens to the connection after an answer."""

    KEEP = "the next request is served"
    CLOSE = "it is closed at once: the client has said that it sends nothing more, or it is a fault"
    FAREWELL = "it is closed once the client, which may still be sending, has had time to read"
    RESET = "it is reset"
    STALL = "nothing comes any more, yet it stays open"


@dataclass(frozen=True, slots=True)
class Wire:
    """One answer as HTTP/1.1's bytes."""

    data: bytes
    end: End = End.KEEP
    bytes_per_s: float | None = None
    """Speed; None: as fast as the network allows."""
    status: int = 200
    """Status of the answer, for those who watch."""


def spoil(kind: str, answer: Answer, flags: int, responses: Responses, end: End) -> Wire:
    """Return how a fault delivers an answer.

    Args:
        kind: one of `DELIVERY_KINDS`.
        answer: the answer that should have come.
        flags: how it is framed.
        responses: renders it.
        end: what would happen after the whole answer.
    """
    # Only a length that was promised can be fallen short of, and pages come in chunks.
    if kind == "short-body":
        answer = replace(answer, has_length=True)
    whole = responses.render(answer, flags)
    head_bytes = len(responses.render(answer, flags | HEAD))
    middle = (head_bytes + len(whole)) // 2
    if kind == "reset":
        return Wire(b"", End.RESET, status=0)
    if kind == "reset-in-body":
        return Wire(whole[:middle], End.RESET, status=answer.status)
    if kind == "short-body":
        return Wire(whole[:middle], End.CLOSE, status=answer.status)
    if kind == "bad-chunk":
        chunk = render_chunk(answer.body[:CHUNK_BYTES])
        return Wire(whole[:head_bytes] + chunk + b"no size\r\n", End.CLOSE, status=answer.status)
    if kind == "stall":
        return Wire(whole[:middle], End.STALL, status=answer.status)
    return Wire(whole, end, bytes_per_s=1.0, status=answer.status)
