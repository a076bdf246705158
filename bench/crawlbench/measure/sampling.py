"""What is kept of a cell's values: their samples, and its run (floor 3; pure)."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING

import pyperf

from crawlbench.base.records import Sample

if TYPE_CHECKING:
    from crawlbench.base.counters import Counters
    from crawlbench.measure.contract import Value
    from crawlbench.measure.schedule import Turn


def pick(run: pyperf.Run, kept: list[bool]) -> pyperf.Run | None:
    """Return a run without the values that are left out; None if none is kept.

    Args:
        run: the run of a cell in a round.
        kept: whether the value of each turn is kept, warmups first.
    """
    if all(kept):
        return run
    warmups, values = list(run.warmups), list(run.values)
    values = list(compress(values, kept[len(warmups) :]))
    if not values:
        return None
    warmups = list(compress(warmups, kept))
    metadata = run.get_metadata()
    return pyperf.Run(values, warmups=warmups, metadata=metadata, collect_metadata=False)


def make_sample(turn: Turn, value: Value, counters: Counters, loops: int) -> Sample:
    """Return the sample of one turn, with the worker's times per crawl."""
    used = value.used
    return Sample(
        cell=turn.cell,
        lap=turn.lap,
        slot=turn.slot,
        warmup=turn.warmup,
        loops=loops,
        seconds=value.seconds / loops,
        cpu_user_s=used.user_s / loops,
        cpu_system_s=used.system_s / loops,
        cpu_wait_s=used.cpu_wait_s / loops,
        parse_s=None if value.parse_s is None else value.parse_s / loops,
        yields=used.yields,
        preemptions=used.preemptions,
        base_rss_bytes=value.base_rss_bytes,
        peak_rss_bytes=value.peak_rss_bytes,
        requests=counters.requests,
        connections=counters.connections,
        most_in_flight=counters.most_in_flight,
        wire_bytes=counters.wire_bytes,
        mirror_cpu_s=counters.cpu_s,
        mirror_wait_s=counters.cpu_wait_s,
        figures=value.figures,
        http2_requests=counters.http2_requests,
        cpu_s=None if used.cpu_s is None else used.cpu_s / loops,
        side_cpu_s=None if used.side_cpu_s is None else used.side_cpu_s / loops,
    )
