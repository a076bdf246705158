"""Was it the client that was measured, or the mirror? (floor 2; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.records import Mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.base.records import Sample

__all__ = [
    "MAX_PEER_SHARE",
    "find_mark",
    "server_share",
    "wait_share",
]

MAX_SERVER_SHARE = 0.5
"""Share of the mirror's ceiling or time beyond which a row measures the server too."""
MAX_PEER_SHARE = 0.9
"""Share of an operation's time: a peer that echoes works while the loop waits, but one that is busy
all the time sets the pace."""
MAX_STARVED_SHARE = 0.05
"""Share of a row's time beyond which the machine was too busy for the time to be the row's own."""
MAX_WAIT_SHARE = 0.15
"""Share of the mirror's time for an answer beyond which something else uses its CPU."""


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


def find_mark(share: float, waits: float, starved: float, *, is_operation: bool) -> Mark:
    """Return what else a row measures besides the client: a note, as doubts are weighed by size.

    Args:
        share: of the mirror, or of the operation's peer.
        waits: of the mirror's way to its answers, the share without a CPU.
        starved: share of the time in which others had the worker's CPU.
        is_operation: whether the other process is an operation's peer.
    """
    if starved > MAX_STARVED_SHARE:
        return Mark.STARVED
    if is_operation:
        return Mark.PEER_BOUND if share > MAX_PEER_SHARE else Mark.NONE
    if waits > MAX_WAIT_SHARE:
        return Mark.DISTURBED
    return Mark.SERVER_BOUND if share > MAX_SERVER_SHARE else Mark.NONE
