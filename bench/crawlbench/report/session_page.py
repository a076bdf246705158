"""A session as a page (floor 3; pure): its sections, and what each says if something is missing."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity
from crawlbench.base.text import many_lines, one_line
from crawlbench.report.answer import find_answer
from crawlbench.report.charts.bars import CPU, MEMORY, PHASES
from crawlbench.report.charts.heatmap import heatmap_charts
from crawlbench.report.charts.leaders import leaders_chart
from crawlbench.report.charts.ratios import ratio_chart
from crawlbench.report.charts.sweep import sweep_chart
from crawlbench.report.charts.values import drift_chart, session_values, spread_chart
from crawlbench.report.charts.waterfall import waterfall_chart
from crawlbench.report.differences import differences_section
from crawlbench.report.environment_pairs import versus_tables
from crawlbench.report.environments import environments_tables
from crawlbench.report.full_table import everything_table
from crawlbench.report.headline import find_figures, tell_question
from crawlbench.report.notes import find_notes, interval_meaning
from crawlbench.report.operations import operation_tables
from crawlbench.report.page import Fact, PageContent, Section, Trouble
from crawlbench.report.remarks import STANDINGS, find_remarks
from crawlbench.report.repeat import again_command
from crawlbench.report.tables import series_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawlbench.base.records.trace import TracedRequest
    from crawlbench.report.charts.chart import Chart
    from crawlbench.report.view import GroupView, SessionView

    _Draw = Callable[[SessionView, GroupView, int], Chart | None]

NO_VALUES = "No cell has a valid value, so there is nothing to draw."
NO_TRACE = "This session holds no trace of a crawl (trace.jsonl.gz), so there is nothing to draw."
METHOD = (
    "Every cell has worker processes of its own, fresh in each round and all alive at once. They "
    "take turns in laps, in shuffled order. Each turn yields one value: the time of some crawls in "
    "a row, from the first connection to the last item, checked outside the clock. A ratio is one "
    "cell's time over another's in the same lap, averaged over the middle half of a round's laps; "
    "the baseline and its twin, the control, count as their mean. {interval} Where the mirror or a "
    "worker had to wait for its CPU, that time is subtracted from both sides, each kind alone and "
    "with others: there is a verdict only where it stands each time, beyond the margin of "
    "{margin:.1f} % (the grey band) or within it."
)
OPERATIONS_METHOD = (
    "In each round every event loop has a fresh process, in which its operations take turns; those "
    "that start programs, make loops or leave something behind have processes of their own. "
    "Each turn yields one value: the time of some calls of an operation in a row, whose outcome "
    "the operation checks itself. In a lap every loop takes a value of the same operation, in "
    "shuffled order. A ratio is one loop's time over another's in the same lap, averaged over the "
    "middle half of a round's laps; the baseline and its twin, the control, count as their mean. "
    "{interval} Where the other end or a worker had to wait for its CPU, that time is subtracted "
    "from both sides, each kind alone and with others: there is a verdict only where it stands "
    "each time, beyond the margin of {margin:.1f} % or within it."
)
LOOPS = "What event loops do"
NO_COLOURS = (
    "No pair has an answer yet, so there is nothing to colour: the table has what each operation "
    "took, and the answer says what is missing."
)


def session_page(
    view: SessionView,
    trace: Sequence[TracedRequest] = (),
    no_trace: str = NO_TRACE,
    support: Section | None = None,
) -> PageContent:
    """Return the page of a session.

    Args:
        view: the session's view.
        trace: the requests of one crawl per cell; empty if there is no trace.
        no_trace: why there is no trace, as a sentence.
        support: what its event loops support, if the page is to show it.
    """
    session, notes = view.session, find_notes(view)
    has_crawls = bool(view.crawls)
    sections = (
        _environments(view),
        *(_results(view) if has_crawls else ()),
        _loops(view),
        *((support,) if support else ()),
        *((_waterfall(view, trace, no_trace),) if has_crawls else ()),
        *(_times(view) if has_crawls else ()),
        _sweep(view),
    )
    facts = [Fact(label, text) for label, text in notes if label in FACTS]
    return PageContent(
        title=f"crawlbench: {one_line(session.plan.suite)}",
        subtitle=_subtitle(view),
        asked=tell_question(view),
        figures=find_figures(view),
        answer=find_answer(view),
        sections=tuple(one for one in sections if one.charts or one.tables or one.missing),
        table=everything_table(view),
        method=_method(view),
        facts=(*facts, *_seeds(view)),
        troubles=tuple(_troubles(view, notes)),
        quiet="Nothing was found that would cast doubt on these numbers.",
        command=again_command(view),
    )


def _subtitle(view: SessionView) -> str:
    """Return suite, time and machine; the time as it was noted if it is not a date."""
    session = view.session
    try:
        when = f"{datetime.fromisoformat(session.created).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError):
        # An edited file may have a date that UTC has not, such as year 1 east of Greenwich.
        when = session.created
    return one_line(f"{session.plan.suite}, {when}, {session.machine.cpu_model or 'a machine'}")


FACTS = ("session", "machine", "environment", "manager", "versions")
"""Labels of notes that say where and how a session ran."""


def _draw(view: SessionView, draw: _Draw) -> tuple[Chart, ...]:
    charts = [draw(view, group, n) for n, group in enumerate(view.crawls, 1)]
    return tuple(chart for chart in charts if chart is not None)


def _section(name: str, title: str, lead: str, charts: tuple[Chart, ...], missing: str) -> Section:
    return Section(name, title, lead if charts else "", charts, (), "" if charts else missing)


def _results(view: SessionView) -> tuple[Section, ...]:
    return (
        _section(
            "ratios",
            "Ratios to the baseline",
            "A point is a cell's time over its baseline's in the same laps, and the line its "
            "interval; the thin line is the baseline, the grey band the margin. Further left is "
            "faster. Where slow cells squeeze the fast ones together, those are drawn once more.",
            (*_draw(view, ratio_chart), *_draw(view, leaders_chart)),
            "Nothing could be compared." if view.summaries else NO_VALUES,
        ),
        differences_section(view),
    )


def _environments(view: SessionView) -> Section:
    """Return what environments changed, and what they hold; empty if all workers shared one."""
    tables = versus_tables(view) if view.plan.is_versus else []
    lead = "Every package that differs is listed, whether or not anyone asked for it."
    shown = (*tables, *environments_tables(view))
    return Section("environments", "Environments", lead, tables=shown)


def _loops(view: SessionView) -> Section:
    charts, missing = heatmap_charts(view), ""
    pairs = [row.found.get(Quantity.TIME) for group in view.operations for row in group.rows]
    if charts and not any(pair and pair.is_answered for pair in pairs):
        charts, missing = (), NO_COLOURS
    lead = (
        "Each event loop's time over the baseline's in the same laps, as a colour: the deeper it "
        'is, the larger the difference (green is faster). "no" means that the loop lacks the '
        'operation, "?" that nothing can be said; the table gives the reasons.'
    )
    # Without crawls the operations are in the large table of the page.
    tables = tuple(operation_tables(view)) if view.crawls else ()
    return Section("loops", LOOPS, lead if charts else "", charts, tables, missing)


def _waterfall(view: SessionView, trace: Sequence[TracedRequest], no_trace: str) -> Section:
    return _section(
        "waterfall",
        "Waterfall",
        "One crawl of each cell, as the mirror saw it: a line per request, in order of arrival, "
        "and when the last byte went out. A crawl takes longer than that, because a server cannot "
        "see what is parsed afterwards; the table has the typical crawl, not this one.",
        _draw(view, lambda _, group, n: waterfall_chart(group, trace, n)),
        no_trace,
    )


def _times(view: SessionView) -> tuple[Section, ...]:
    return (
        _section(
            "phases",
            "Where the time goes",
            "CPU time in the parser, in client and event loop, and in the system, then waiting. "
            "The tick is the floor: the network's unavoidable round trips and a client that costs "
            "nothing. Decoding is part of the client's time. Threads can run at the same time, so "
            "a bar may be longer than its crawl.",
            _draw(view, PHASES.chart),
            NO_VALUES,
        ),
        _section(
            "drift",
            "Values over time",
            "Every value in order, by its distance from its cell's median; higher is slower, a "
            "cross lies beyond the strip, and dotted lines separate the rounds. What all cells "
            "share comes from the machine; what only one of them shows is its own.",
            _draw(view, _drift),
            NO_VALUES,
        ),
        _section(
            "spread",
            "How values are spread",
            "A line per value, the middle half as a box, the median as a tick.",
            _draw(view, _spread),
            NO_VALUES,
        ),
        _section(
            "resources",
            "CPU and memory",
            "CPU time of all threads and ended children per crawl, and the highest resident memory "
            "of a worker in any value.",
            (*_draw(view, CPU.chart), *_draw(view, MEMORY.chart)),
            NO_VALUES,
        ),
    )


def _drift(view: SessionView, group: GroupView, number: int) -> Chart | None:
    return drift_chart(session_values(view, group), f" on {group.place}", number)


def _spread(view: SessionView, group: GroupView, number: int) -> Chart | None:
    return spread_chart(session_values(view, group), f" on {group.place}", number)


def _sweep(view: SessionView) -> Section:
    """Return the section of a sweep; empty for any other session."""
    chart = sweep_chart(view)
    return Section(
        "sweep",
        "Sweep",
        "The same strategies along one axis; a large point is a knee.",
        () if chart is None else (chart,),
        tuple(series_tables(view)),
    )


def _method(view: SessionView) -> str:
    margin = math.expm1(view.plan.margin) * 100
    method = METHOD if view.crawls or not view.operations else OPERATIONS_METHOD
    return method.format(interval=interval_meaning(view), margin=margin)


def _seeds(view: SessionView) -> list[Fact]:
    plan = view.plan
    networks = [
        f"{one_line(name)}: " + ", ".join(f"{one_line(k)} {v:g}" for k, v in numbers.items())
        for name, numbers in view.session.networks.items()
    ]
    return [
        Fact("seed", f"{plan.seed}, for the order within laps and the networks' delays"),
        Fact("networks", "; ".join(networks)),
        Fact("baselines", "; ".join(one_line(name) for name in plan.baselines.values())),
    ]


def _troubles(view: SessionView, notes: Sequence[tuple[str, str]]) -> list[Trouble]:
    """Return what to read before trusting the numbers, with tracebacks where they are known."""
    # Notes of invalid cells come in the order of these failures, so the next detail is that of the
    # next note.
    details = (failure for failure in view.session.failures if not failure.is_refusal)
    found = [
        Trouble(label, f"{group.place}: {text}")
        for group in view.crawls
        for label, text in find_remarks(view, group)
        if label not in STANDINGS
    ]
    for label, text in notes:
        if label in (*FACTS, "reading"):
            continue
        detail = many_lines(next(details).detail) if label == "invalid" else ""
        found.append(Trouble(label, text, detail))
    return found
