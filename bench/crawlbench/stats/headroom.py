"""Tells whether the client was measured, or the mirror (floor 2; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.records import Mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.base.records import Sample

MAX_SERVER_SHARE = 0.5
"""Share of a row's time beyond which it measures the server too, if the client may have waited."""
MAX_PEER_SHARE = 0.9
"""Share of an operation's time. A peer that echoes works while the loop waits, but a peer that is
busy all the time sets the pace."""
MAX_STARVED_SHARE = 0.05
"""Share of a row's time beyond which the machine was too busy for the row to show its own time."""
MAX_WAIT_SHARE = 0.15
"""Share of the mirror's response time beyond which something else uses its CPU."""


def server_share(samples: Sequence[Sample], ceiling: float | None) -> float:
    """Return how much of the mirror's capacity a cell used, from 0 to 1.

    This is the larger of two: the share of the cell's time in which the mirror's one thread was
    busy, and the cell's rate divided by the rate that the mirror reached when asked for all it
    could give.

    Args:
        samples: the samples of one cell.
        ceiling: requests per second that the mirror reached; None if that was not measured.
    """
    seconds = sum(sample.seconds * sample.loops for sample in samples)
    busy = sum(sample.mirror_cpu_s for sample in samples) / seconds
    rate = sum(sample.requests for sample in samples) / seconds
    # A cell may be quicker than whoever asked the mirror for all it could give.
    return min(1.0, max(busy, rate / ceiling if ceiling else 0.0))


def server_hold(samples: Sequence[Sample], ceiling: float | None, cpus: int) -> float:
    """Return the share of a cell's time in which it may have waited for the mirror, from 0 to 1.

    However busy the mirror was, a client waits for it only while the client's own CPUs are idle.
    """
    seconds = sum(sample.seconds * sample.loops for sample in samples)
    idle = sum(idle_s(sample, cpus) * sample.loops for sample in samples)
    return min(server_share(samples, ceiling), idle / seconds)


def idle_s(sample: Sample, cpus: int) -> float:
    """Return the seconds per crawl for which the worker left its CPUs idle, summed over them."""
    return max(0.0, sample.seconds * cpus - used_s(sample))


def starved_s(sample: Sample, cpus: int) -> float:
    """Return the seconds per crawl in which the worker was ready but had no CPU.

    They are no more than the seconds for which it left its CPUs idle. Threads of one worker also
    wait for each other; `competition.py` allows for that.
    """
    return min(sample.cpu_wait_s, idle_s(sample, cpus)) if sample.cpu_wait_s else 0.0


def used_s(sample: Sample) -> float:
    """Return the CPU seconds that the worker used per crawl, in all threads and children."""
    used = sample.cpu_s
    return sample.cpu_user_s + sample.cpu_system_s if used is None else used


def wait_share(samples: Sequence[Sample]) -> float:
    """Return the share of the mirror's response time in which it was ready but had no CPU."""
    waited = sum(sample.mirror_wait_s for sample in samples)
    worked = sum(sample.mirror_cpu_s for sample in samples)
    return waited / (waited + worked) if waited else 0.0


def find_mark(hold: float, waits: float, starved: float, *, is_operation: bool) -> Mark:
    """Return what else a row measures besides the client.

    It is only a note for readers: for verdicts, the size of each doubt counts.

    Args:
        hold: share of the time in which the mirror, or the operation's peer, may have set the pace.
        waits: share of the mirror's response time in which it had no CPU.
        starved: share of the time in which others had the worker's CPU.
        is_operation: whether the other process is an operation's peer.
    """
    if starved > MAX_STARVED_SHARE:
        return Mark.STARVED
    if is_operation:
        return Mark.PEER_BOUND if hold > MAX_PEER_SHARE else Mark.NONE
    if waits > MAX_WAIT_SHARE:
        return Mark.DISTURBED
    return Mark.SERVER_BOUND if hold > MAX_SERVER_SHARE else Mark.NONE
