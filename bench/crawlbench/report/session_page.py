"""A session as a page (floor 3; pure): which sections, and what each says of what is missing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crawlbench.report.answer import find_answer
from crawlbench.report.charts.bars import cpu_chart, memory_chart, phase_chart
from crawlbench.report.charts.heatmap import heatmap_charts
from crawlbench.report.charts.ratios import ratio_chart
from crawlbench.report.charts.sweep import sweep_chart
from crawlbench.report.charts.values import drift_chart, session_values, spread_chart
from crawlbench.report.charts.waterfall import waterfall_chart
from crawlbench.report.environments import environments_table
from crawlbench.report.everything import everything_table
from crawlbench.report.notes import find_notes, place_of
from crawlbench.report.operations import operation_tables
from crawlbench.report.page import Fact, Page, Section, Trouble
from crawlbench.report.repeat import repeat_command
from crawlbench.report.series import series_table
from crawlbench.report.tables import crawl_groups
from crawlbench.report.text import many_lines, one_line
from crawlbench.report.versus import versus_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawlbench.records import Session
    from crawlbench.records.trace import TracedRequest
    from crawlbench.report.charts.chart import Chart

    _Draw = Callable[[Session, str, int], Chart | None]

__all__ = ["session_page"]

NO_VALUES = "No cell has a valid value, so there is nothing to draw."
NO_TRACE = "This session holds no trace of a crawl (trace.jsonl.gz), so there is nothing to draw."
METHOD = (
    "Every cell has worker processes of its own, fresh in each round and alive at once. In laps, "
    "in shuffled order, one at a time takes one value: crawls in a row from first connection to "
    "last item, checked outside the clock. A ratio is a cell's time over its baseline's in the "
    "same lap, averaged over the middle half of a round's laps; its interval goes over rounds "
    "(Student), held to {confidence:g} % for all comparisons together (Holm). The control is the "
    "baseline's twin: what the two differ by is noise, and the margin (the grey band) is the "
    "larger of it and of {margin:.1f} %. A verdict is given only where the whole interval lies "
    "beyond the margin, or within it."
)


def session_page(
    session: Session,
    trace: Sequence[TracedRequest] = (),
    no_trace: str = NO_TRACE,
    support: Section | None = None,
) -> Page:
    """Return the page of a session.

    Args:
        session: judged.
        trace: of one crawl per cell; empty if there is none.
        no_trace: why not.
        support: what its event loops support, if that is to be told.
    """
    notes = find_notes(session)
    has_crawls = bool(crawl_groups(session))
    facts = [Fact(label, text) for label, text in notes if label in FACTS]
    return Page(
        title=f"crawlbench: {one_line(session.plan.suite)}",
        subtitle=one_line(f"{session.created}, {session.machine.cpu_model or 'a machine'}"),
        answer=find_answer(session),
        sections=tuple(
            section
            for section in (
                _environments(session),
                *(_results(session) if has_crawls else ()),
                _loops(session),
                *((support,) if support else ()),
                *((_waterfall(session, trace, no_trace),) if has_crawls else ()),
                *(_times(session) if has_crawls else ()),
                *_others(session),
            )
            if section.charts or section.tables or section.missing
        ),
        table=everything_table(session),
        method=_method(session),
        facts=(*facts, *_seeds(session)),
        troubles=tuple(_troubles(session, notes)),
        quiet="Nothing was found that would make these numbers doubtful.",
        command=repeat_command(session),
    )


FACTS = ("session", "machine", "environment", "manager", "versions")
"""Labels of notes that tell where and how a session ran."""


def _draw(session: Session, draw: _Draw) -> tuple[Chart, ...]:
    charts = [draw(session, group, n) for n, group in enumerate(crawl_groups(session), 1)]
    return tuple(chart for chart in charts if chart is not None)


def _section(name: str, title: str, lead: str, charts: tuple[Chart, ...], missing: str) -> Section:
    return Section(name, title, lead if charts else "", charts, (), "" if charts else missing)


def _results(session: Session) -> tuple[Section, ...]:
    return (
        _section(
            "ratios",
            "Ratios to the baseline",
            "A point is a cell's time over its baseline's in the same laps, the line its interval; "
            "the dashed line is the baseline, the grey band the margin. Left of it is faster.",
            _draw(session, ratio_chart),
            "Nothing could be compared." if session.summaries else NO_VALUES,
        ),
    )


def _environments(session: Session) -> Section:
    """Return what environments changed, and what they hold; empty if all workers shared one."""
    tables = [versus_table(session)] if session.plan.is_versus else []
    held = environments_table(session)
    lead = "Every package in which they differ is listed, asked for or not."
    return Section(
        "environments", "Environments", lead, (), (*tables, *([held] if held else ())), ""
    )


def _loops(session: Session) -> Section:
    charts = heatmap_charts(session)
    lead = (
        "An event loop's time over the baseline's in the same laps, by colour, the deeper the "
        'further apart (green is faster). "no" says that the loop does not have it, "?" that '
        "nothing can be said; the table says why."
    )
    tables = tuple(operation_tables(session)) if crawl_groups(session) else ()
    return Section("loops", "What event loops do", lead if charts else "", charts, tables, "")


def _waterfall(session: Session, trace: Sequence[TracedRequest], no_trace: str) -> Section:
    return _section(
        "waterfall",
        "Waterfall",
        "One crawl of each cell, as the mirror saw it: a line per request, in order of arrival.",
        _draw(session, lambda s, group, n: waterfall_chart(s, trace, group, n)),
        no_trace,
    )


def _times(session: Session) -> tuple[Section, ...]:
    return (
        _section(
            "phases",
            "Where the time goes",
            "CPU time in the parser, in client and event loop, and in the system, then waiting. "
            "The tick is the floor: the network's unavoidable round trips and a client without "
            "costs. Decoding is part of the client's time. Threads can work at once, so a bar may "
            "be longer than its crawl.",
            _draw(session, phase_chart),
            NO_VALUES,
        ),
        _section(
            "drift",
            "Values over time",
            "Every value by its distance from its cell's median, in order; higher is slower, "
            "a cross lies beyond the strip, dotted lines part the rounds. What all cells share is "
            "the machine's mood; what one has alone is its own.",
            _draw(session, _drift),
            NO_VALUES,
        ),
        _section(
            "spread",
            "How values are spread",
            "A line per value, the middle half as a box, the median as a tick.",
            _draw(session, _spread),
            NO_VALUES,
        ),
        _section(
            "resources",
            "CPU and memory",
            "CPU time of all threads and ended children per crawl; the highest resident memory of "
            "a worker in any value.",
            (*_draw(session, cpu_chart), *_draw(session, memory_chart)),
            NO_VALUES,
        ),
    )


def _drift(session: Session, group: str, number: int) -> Chart | None:
    return drift_chart(session_values(session, group), f" on {place_of(session, group)}", number)


def _spread(session: Session, group: str, number: int) -> Chart | None:
    return spread_chart(session_values(session, group), f" on {place_of(session, group)}", number)


def _others(session: Session) -> tuple[Section, ...]:
    """Return what only some sessions have; a section without anything in it is left out."""
    chart, table = sweep_chart(session), series_table(session)
    return (
        Section(
            "sweep",
            "Sweep",
            "The same strategies along one axis; a large point is a knee.",
            () if chart is None else (chart,),
            () if table is None else (table,),
        ),
    )


def _method(session: Session) -> str:
    plan = session.plan
    return METHOD.format(confidence=plan.confidence * 100, margin=math.expm1(plan.margin) * 100)


def _seeds(session: Session) -> list[Fact]:
    plan = session.plan
    networks = [
        f"{one_line(name)}: " + ", ".join(f"{one_line(k)} {v:g}" for k, v in numbers.items())
        for name, numbers in session.networks.items()
    ]
    return [
        Fact("seed", f"{plan.seed}, of the order in laps and of the networks' delays"),
        Fact("networks", "; ".join(networks)),
        Fact("baselines", "; ".join(one_line(name) for name in plan.baselines.values())),
    ]


def _troubles(session: Session, notes: Sequence[tuple[str, str]]) -> list[Trouble]:
    """Return what must be read before the numbers are believed, with tracebacks where known."""
    details = (failure for failure in session.failures if not failure.is_refusal)
    found = []
    for label, text in notes:
        if label in (*FACTS, "reading"):
            continue
        detail = many_lines(next(details).detail) if label == "invalid" else ""
        found.append(Trouble(label, text, detail))
    return found
