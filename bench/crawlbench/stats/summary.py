"""Sums up what was seen of each cell (floor 2; pure).

"Per crawl" is the typical time: the baseline's typical time, times the cell's ratio, so that time,
ratio and order agree. What rare slow laps add to it is the excess, a field of its own.
"""

from __future__ import annotations

import math
from dataclasses import replace
from operator import attrgetter
from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.base.records import Obstacle, Quantity, Summary
from crawlbench.stats.headroom import find_mark, server_hold, server_share, starved_s, wait_share
from crawlbench.stats.index import read_cpu
from crawlbench.stats.interval import estimate_mean
from crawlbench.stats.lengths import index_for
from crawlbench.stats.limit import REFERENCE, find_limit_s
from crawlbench.stats.question import has_cpu_clock
from crawlbench.stats.typical import Typical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawlbench.base.records import Cell, Sample, Session
    from crawlbench.stats.index import Index


def summarize(session: Session, index: Index, others: Mapping[str, float]) -> tuple[Summary, ...]:
    """Return the summaries of the cells that are valid and have values.

    Args:
        session: the session, with its comparisons.
        index: the index of its rounds.
        others: by cell, the share of its waits for a CPU that others caused; all where left out.
    """
    failed = {failure.cell for failure in session.failures}
    samples = {
        cell.name: found
        for cell in session.plan.cells
        if cell.name not in failed and (found := index.samples(cell.name))
    }
    times = Typical(session, index, set(samples))
    lengths = {
        group: _Lengths(session, index, set(samples), group) for group in session.plan.long_forms
    }
    references = _references(session, samples)
    pages = _pages(session, samples)
    cpus = max(1, len(session.machine.worker_cpus))
    summaries = []
    for cell in session.plan.cells:
        if cell.name in samples:
            value = times.value(cell)
            assert value is not None  # it has samples
            seconds = math.exp(value)
            starved = _starved_share(samples[cell.name], cpus) * others.get(cell.name, 1.0)
            counted = _counted(session, cell, pages)
            summary = _summarize_cell(
                session, index, cell, samples[cell.name], seconds, starved, counted, references
            )
            group = lengths.get(cell.group)
            summaries.append(group.complete(summary, cell, samples) if group else summary)
    return tuple(summaries)


class _Lengths:
    """What the cells of one group cost per page and to begin."""

    def __init__(self, session: Session, index: Index, valid: set[str], group: str) -> None:
        self._longs = session.plan.long_names
        self._middles = session.plan.middle_names
        self._index = index
        self._form = session.plan.long_forms[group]
        self._confidence = session.plan.confidence
        self._pages = index_for(session, index, group, Quantity.PAGE)
        self._begin = index_for(session, index, group, Quantity.BEGIN)
        self._has_cpu = has_cpu_clock(session)
        self._cpu = index_for(session, index, group, Quantity.CPU_PAGE)
        self._per_page = Typical(session, self._pages, valid, Quantity.PAGE)
        self._to_begin = Typical(session, self._begin, valid, Quantity.BEGIN)

    def complete(self, summary: Summary, cell: Cell, samples: dict[str, list[Sample]]) -> Summary:
        """Return a summary with what two lengths say; unchanged if one of them has no values."""
        page, begin = self._per_page.value(cell), self._to_begin.value(cell)
        long = samples.get(self._longs.get(cell.name, ""))
        # The reference and the long forms themselves have one length.
        if page is None or begin is None or not long:
            return summary
        middle_s, long_s = (
            self._typical_s(names.get(cell.name)) for names in (self._middles, self._longs)
        )
        # These stand in a row that is off the line, in place of a cost per page.
        summary = replace(summary, middle_s=middle_s, long_s=long_s)
        obstacle, _ = self._pages.find_obstacle((cell.name,))
        if obstacle:
            return replace(summary, is_bent=obstacle is Obstacle.BENT)
        per_page_s = math.exp(page)
        parse_s, whole_s = _parse_s(samples[cell.name]), _parse_s(long)
        is_known = parse_s is not None and whole_s is not None
        return replace(
            summary,
            per_page_s=per_page_s,
            per_page_error_s=_error_s(self._pages, cell, per_page_s, self._confidence),
            to_begin_s=begin,
            to_begin_error_s=_half_width(self._begin, cell, self._confidence),
            parse_per_page_s=max(0.0, (whole_s or 0.0) - (parse_s or 0.0)) / self._form.more_pages
            if is_known
            else None,
            cpu_per_page_s=self._cpu_per_page_s(cell),
        )

    def _cpu_per_page_s(self, cell: Cell) -> float | None:
        """Return the CPU time of a page; None without a CPU clock, or if pages took no time."""
        if not self._has_cpu:
            return None
        obstacle, _ = self._cpu.find_obstacle((cell.name,))
        values = [] if obstacle else self._cpu.by_round((cell.name,), read_cpu)
        return math.exp(fmean(values)) if values else None

    def _typical_s(self, cell: str | None) -> float | None:
        """Return the typical time of a longer form, from its own laps."""
        return self._index.typical_s((cell,)) if cell else None


def _references(
    session: Session, samples: dict[str, list[Sample]]
) -> dict[tuple[str, str, int], list[Sample]]:
    """Return the samples of the raw reference by group, parser and concurrency."""
    return {
        (cell.group, cell.parser, cell.concurrency): samples[cell.name]
        for cell in session.plan.cells
        if cell.strategy == REFERENCE and cell.name in samples
    }


def _summarize_cell(
    session: Session,
    index: Index,
    cell: Cell,
    samples: Sequence[Sample],
    seconds: float,
    starved: float,
    counted: float,
    references: dict[tuple[str, str, int], list[Sample]],
) -> Summary:
    ceiling, cpus = session.ceilings.get(cell.group), max(1, len(session.machine.worker_cpus))
    hold, waits = server_hold(samples, ceiling, cpus), wait_share(samples)
    user_s, system_s = _mean(samples, "cpu_user_s"), _mean(samples, "cpu_system_s")
    crawls = sum(map(attrgetter("loops"), samples))
    return Summary(
        cell=cell.name,
        values=len(samples),
        seconds=seconds,
        seconds_error=_error_s(index, cell, seconds, session.plan.confidence),
        per_s=counted / seconds,
        cpu_user_s=user_s,
        cpu_system_s=system_s,
        parse_s=_parse_s(samples),
        wait_s=max(0.0, _mean(samples, "seconds") - user_s - system_s),
        yields=_total(samples, "yields") / crawls,
        preemptions=_total(samples, "preemptions") / crawls,
        wire_bytes=_total(samples, "wire_bytes") / crawls,
        extra_rss_bytes=_extra_rss_bytes(samples),
        peak_rss_bytes=max((s.peak_rss_bytes for s in samples if s.peak_rss_bytes), default=None),
        connections=_total(samples, "connections") / crawls,
        most_in_flight=max(s.most_in_flight for s in samples),
        server_share=server_share(samples, ceiling),
        server_wait_share=waits,
        mark=find_mark(hold, waits, starved, is_operation=bool(cell.operation)),
        of_limit=_of_limit(session, cell, references, seconds),
        figures=_figures(samples),
        excess=_excess(index, cell.name),
        starved_share=starved,
        http=_http(samples),
    )


def _of_limit(
    session: Session,
    cell: Cell,
    references: Mapping[tuple[str, str, int], Sequence[Sample]],
    seconds: float,
) -> float | None:
    """Return the shortest possible time of a crawl as a share of the cell's; None if unknown."""
    reference = references.get((cell.group, cell.parser, cell.concurrency))
    limit_s = find_limit_s(session, cell, reference)
    return None if limit_s is None else limit_s / seconds


def _total(samples: Sequence[Sample], name: str) -> float:
    return float(sum(map(attrgetter(name), samples)))


def _error_s(index: Index, cell: Cell, seconds: float, confidence: float) -> float | None:
    """Return the half-width of the interval of a cell's time, in seconds; None if there is none."""
    width = _half_width(index, cell, confidence)
    return None if width is None else seconds * math.expm1(width)


def _half_width(index: Index, cell: Cell, confidence: float) -> float | None:
    """Return the half-width of the interval of a cell's own values; None if there is none."""
    estimate = estimate_mean(index.by_round((cell.name,)))
    return estimate.half_width(confidence) if estimate else None


def _figures(samples: Sequence[Sample]) -> dict[str, float]:
    """Return the means of what an operation measures besides its time."""
    return {
        name: fmean(s.figures[name] for s in samples if name in s.figures)
        for name in samples[0].figures
    }


def _mean(samples: Sequence[Sample], name: str) -> float:
    return _total(samples, name) / len(samples)


def _excess(index: Index, cell: str) -> float:
    """Return how far the mean over a round's laps exceeds their midmean, as a log ratio."""
    rounds = [laps for laps in index.laps((cell,)) if laps]
    means = [math.log(fmean([math.exp(one) for one in laps.values()])) for laps in rounds]
    return fmean(means) - fmean(index.by_round((cell,)))


def _starved_share(samples: Sequence[Sample], cpus: int) -> float:
    """Return the share of the time in which the worker was ready but had no CPU, from 0 to 1.

    Its threads may wait on several CPUs at once, for longer than everything takes.
    """
    waited = sum(starved_s(s, cpus) * s.loops for s in samples)
    return min(1.0, waited / sum(s.seconds * s.loops for s in samples))


def _counted(session: Session, cell: Cell, pages: Mapping[str, float]) -> float:
    """Return the pages of a crawl, or what an operation counts in a call."""
    facts = session.plan.operation(cell)
    return facts.n if facts else pages[cell.site]


def _pages(session: Session, samples: Mapping[str, Sequence[Sample]]) -> dict[str, float]:
    """Return the pages of each site, empty for operations: the fewest requests of any crawl.

    Where a network has faults, retries and redirects make more.
    """
    found: dict[str, float] = {}
    for cell in session.plan.cells:
        if cell.name in samples:
            fewest = min(one.requests / one.loops for one in samples[cell.name])
            found[cell.site] = min(fewest, found.get(cell.site, fewest))
    return found


def _http(samples: Sequence[Sample]) -> str:
    """Return the HTTP version; empty if nobody counted, or there were no requests."""
    second = sum(sample.http2_requests or 0 for sample in samples)
    asked = sum(sample.requests for sample in samples)
    if not asked or any(sample.http2_requests is None for sample in samples):
        return ""
    return "2" if second == asked else "1.1, 2" if second else "1.1"


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
