"""Sums up what was seen of each cell (floor 2; pure)."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.records import Summary
from crawlbench.stats.headroom import find_peer_fault, find_server_fault, server_share, wait_share
from crawlbench.stats.interval import estimate_mean
from crawlbench.stats.limit import find_limit_s
from crawlbench.stats.pairing import round_means

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.records import Cell, Sample, Session

__all__ = ["summarize"]


def summarize(session: Session) -> tuple[Summary, ...]:
    """Return the summaries of the cells that are valid and have values."""
    samples: dict[str, list[Sample]] = {}
    for record in session.rounds:
        for sample in record.samples:
            if not sample.warmup and not session.failure(sample.cell):
                samples.setdefault(sample.cell, []).append(sample)
    return tuple(
        _summarize_cell(session, cell, samples[cell.name], find_limit_s(session, cell, samples))
        for cell in session.plan.cells
        if cell.name in samples
    )


def _summarize_cell(
    session: Session, cell: Cell, samples: Sequence[Sample], limit_s: float | None
) -> Summary:
    means = round_means(session.rounds, cell.name)
    estimate = estimate_mean(means)
    seconds = fmean(means)
    share = server_share(samples, session.ceilings.get(cell.group))
    waits = wait_share(samples)
    cpu_s = fmean(s.cpu_user_s + s.cpu_system_s for s in samples)
    return Summary(
        cell=cell.name,
        values=len(samples),
        seconds=seconds,
        seconds_error=estimate.half_width(session.plan.confidence) if estimate else None,
        per_s=_counted(session, cell, samples[0]) / seconds,
        cpu_user_s=fmean(s.cpu_user_s for s in samples),
        cpu_system_s=fmean(s.cpu_system_s for s in samples),
        parse_s=_parse_s(samples),
        wait_s=max(0.0, seconds - cpu_s),
        yields=fmean(s.yields / s.loops for s in samples),
        preemptions=fmean(s.preemptions / s.loops for s in samples),
        wire_bytes=fmean(s.wire_bytes / s.loops for s in samples),
        extra_rss_bytes=_extra_rss_bytes(samples),
        peak_rss_bytes=max((s.peak_rss_bytes for s in samples if s.peak_rss_bytes), default=None),
        connections=fmean(s.connections / s.loops for s in samples),
        most_in_flight=max(s.most_in_flight for s in samples),
        server_share=share,
        server_wait_share=waits,
        mark=find_peer_fault(share) if cell.operation else find_server_fault(share, waits),
        of_limit=limit_s / seconds if limit_s is not None else None,
        figures={
            name: fmean(s.figures[name] for s in samples if name in s.figures)
            for name in samples[0].figures
        },
    )


def _counted(session: Session, cell: Cell, sample: Sample) -> float:
    """Return the pages of a crawl, or what an operation counts in a call."""
    facts = session.plan.operation(cell)
    return facts.n if facts else sample.requests / sample.loops


def _parse_s(samples: Sequence[Sample]) -> float | None:
    known = [s.parse_s for s in samples if s.parse_s is not None]
    return fmean(known) if len(known) == len(samples) else None


def _extra_rss_bytes(samples: Sequence[Sample]) -> int | None:
    extras = [
        s.peak_rss_bytes - s.base_rss_bytes
        for s in samples
        if s.peak_rss_bytes is not None and s.base_rss_bytes is not None
    ]
    return max(0, *extras) if extras else None
