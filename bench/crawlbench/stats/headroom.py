"""Was it the client that was measured, or the mirror? (floor 2; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.records import Sample

__all__ = [
    "MOST_PEER_SHARE",
    "MOST_SERVER_SHARE",
    "MOST_WAIT_SHARE",
    "find_peer_fault",
    "find_server_fault",
    "server_share",
    "wait_share",
]

MOST_SERVER_SHARE = 0.5
"""Of the mirror's ceiling or time: beyond this a row tells of the server too."""
MOST_PEER_SHARE = 0.9
"""Of an operation's time: a peer that echoes works while the loop waits, but one that is busy all
the time sets the pace."""
MOST_WAIT_SHARE = 0.15
"""Of the mirror's time on its way to an answer: beyond this something else has its CPU."""


def server_share(samples: Sequence[Sample], ceiling: float | None) -> float:
    """Return how much of what the mirror can do a cell asked for, from 0 to 1.

    The larger of two: the share of the cell's time that the mirror's one thread was busy, and the
    cell's rate over the rate that the mirror reached when asked for all it could give.

    Args:
        samples: of one cell.
        ceiling: requests per second that the mirror reached; None if that was not measured.
    """
    seconds = sum(sample.seconds * sample.loops for sample in samples)
    busy = sum(sample.mirror_cpu_s for sample in samples) / seconds
    rate = sum(sample.requests for sample in samples) / seconds
    return max(busy, rate / ceiling if ceiling else 0.0)


def wait_share(samples: Sequence[Sample]) -> float:
    """Return the share of its way to answers in which the mirror was ready but had no CPU."""
    waited = sum(sample.mirror_wait_s for sample in samples)
    worked = sum(sample.mirror_cpu_s for sample in samples)
    return waited / (waited + worked) if waited else 0.0


def find_peer_fault(share: float) -> str:
    """Return the mark of an operation whose peer was the limit, or an empty text."""
    return "peer-bound" if share > MOST_PEER_SHARE else ""


def find_server_fault(share: float, waits: float) -> str:
    """Return the mark of a row that must not be believed as the client's own, or an empty text."""
    if waits > MOST_WAIT_SHARE:
        return "mirror disturbed"
    if share > MOST_SERVER_SHARE:
        return "server-bound"
    return ""
