"""Sums up what was seen of one cell (floor 2; pure)."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.records import Summary
from crawlbench.stats.interval import estimate_mean
from crawlbench.stats.pairing import round_means

if TYPE_CHECKING:
    from crawlbench.records import Session

__all__ = ["summarize"]


def summarize(session: Session, cell: str) -> Summary | None:
    """Return the summary of a cell, or None if it is invalid or has no values."""
    samples = [
        sample
        for record in session.rounds
        for sample in record.samples
        if sample.cell == cell and not sample.warmup
    ]
    if session.failure(cell) or not samples:
        return None
    means = round_means(session.rounds, cell)
    estimate = estimate_mean(means)
    seconds = fmean(means)
    peaks = [sample.peak_rss_bytes for sample in samples if sample.peak_rss_bytes is not None]
    return Summary(
        cell=cell,
        values=len(samples),
        seconds=seconds,
        seconds_error=estimate.half_width(session.plan.confidence) if estimate else None,
        pages_per_s=samples[0].requests / samples[0].loops / seconds,
        cpu_s=fmean(sample.cpu_user_s + sample.cpu_system_s for sample in samples),
        peak_rss_bytes=max(peaks) if peaks else None,
        connections=fmean(sample.connections / sample.loops for sample in samples),
        most_in_flight=max(sample.most_in_flight for sample in samples),
    )
