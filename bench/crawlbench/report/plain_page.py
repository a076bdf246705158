"""A plain pyperf suite as a page (floor 3)."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from crawlbench.base.text import one_line
from crawlbench.report.answer import Sentence, as_sentence
from crawlbench.report.charts.values import (
    MAX_POINTS,
    Values,
    drift_chart,
    make_box,
    make_row,
    spread_chart,
)
from crawlbench.report.page import Fact, PageContent, Section
from crawlbench.report.pyperf_suite import READING, plain_notes, plain_table

if TYPE_CHECKING:
    import pyperf

METHOD = (
    "pyperf takes a benchmark's values in several runs, one benchmark after the other. They show "
    "how it behaved at that time; what changed on the machine between two benchmarks is not known."
)


def plain_page(suite: pyperf.BenchmarkSuite, name: str) -> PageContent:
    """Return the page of a suite that has values, from a file of this name."""
    values = _values(suite)
    charts = {"drift": drift_chart(values, "", 1), "spread": spread_chart(values, "", 1)}
    titles = {"drift": "Values over time", "spread": "How values are spread"}
    missing = "The suite has no values in seconds, so there is nothing to draw."
    sections = [
        Section(
            key, titles[key], charts=(chart,) if chart else (), missing="" if chart else missing
        )
        for key, chart in charts.items()
    ]
    answer = Sentence(as_sentence(READING), "table", "everything")
    facts = [Fact(label, text) for label, text in plain_notes(suite) if label == "machine"]
    return PageContent(
        title="pyperf suite",
        subtitle=one_line(name),
        answer=(answer,),
        sections=tuple(sections),
        table=plain_table(suite),
        method=METHOD,
        facts=tuple(facts),
        quiet="A plain pyperf suite records nothing that would make its numbers doubtful.",
    )


def _values(suite: pyperf.BenchmarkSuite) -> Values:
    """Return the values in seconds; all that is known of time is their order within a benchmark."""
    benches = [b for b in suite if b.get_unit() == "second" and b.get_values()]
    total = sum(len(bench.get_values()) for bench in benches)
    step = -(-total // MAX_POINTS) or 1
    rows, boxes = [], []
    for bench in benches:
        label = one_line(bench.get_name() or "unnamed")
        # The scale of the spread is logarithmic, and a deviation is a share of the median: neither
        # allows a 0.
        seconds = [value for value in bench.get_values() if value > 0]
        if not seconds:
            continue
        boxes.append(make_box(label, seconds))
        middle, clock = median(seconds), 0.0
        for place, value in enumerate(seconds):
            clock += value
            if place % step == 0:
                rows.append(make_row(label, 1, place + 1, clock, value, middle))
    axis = "seconds of measuring since the benchmark's start"
    return Values(rows, boxes, step=step, axis=axis)
