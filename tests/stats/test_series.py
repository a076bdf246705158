"""Where a series settles: planted curves of which one knows the knee."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawlbench.base.records import Quantity, Sweep
from crawlbench.report.tables import series_tables
from crawlbench.report.view import SessionView
from crawlbench.stats.series import SeriesPoint, find_knee, make_series
from tests.report.sessions import make_summary
from tests.stats.builders import BASELINE, make_plan, make_session, other
from tests.stats.lengths import FORM


def points(*rates):
    return [SeriesPoint(2.0**n, rate, None) for n, rate in enumerate(rates)]


@pytest.mark.parametrize(
    ("rates", "knee"),
    [
        ((25, 50, 100, 195, 200, 201), 8.0),
        ((100, 100, 100), 1.0),
        ((25, 50, 100), None),  # still rises
        ((50, 100, 60), None),  # falls
        ((50, 100, 60, 98, 100), 8.0),  # a dip is not the end
        ((10, 20), None),
        ((), None),
    ],
)
def test_knee(rates, knee):
    """The first place from which every rate is near the best."""
    assert find_knee(points(*rates)) == knee


def test_series_are_made_of_a_sweep_alone():
    """In order of the axis, invalid cells left out, errors relative."""
    fast = [other("fast", "uvloop", network=f"net@{n}ms") for n in (40, 1, 5)]
    places = {cell.name: float(n) for cell, n in zip(fast, (40, 1, 5), strict=True)}
    plan = make_plan(*fast, sweep=Sweep("latency", "ms", places))
    summaries = tuple(make_summary(cell, 0.5) for cell in fast[:2])
    session = make_session(rounds=[], plan=plan, summaries=summaries)
    by_name = {series.name: series for series in make_series(session)}
    assert [point.place for point in by_name["fast/uvloop"].points] == [1.0, 40.0]
    assert by_name["fast/uvloop"].points[0].error == pytest.approx(0.01)
    assert by_name["fast/uvloop"].knee is None
    assert make_series(make_session(rounds=[], plan=make_plan(BASELINE))) == []


def test_series_per_page_are_of_the_pages_that_come_once_a_crawl_has_begun():
    """Whole crawls have their own rates; a cell without a time per page has no point there."""
    fast = [other("fast", network=f"net@{n}ms") for n in (1, 5, 40)]
    longs = [cell.lengthened(FORM.site) for cell in fast]
    plan = make_plan(
        *(*fast, *longs),
        sweep=Sweep(
            "latency", "ms", {cell.name: float(n) for cell, n in zip(fast, (1, 5, 40), strict=True)}
        ),
        long_forms={cell.group: FORM for cell in fast},
    )
    per_page = {"per_page_s": 0.01, "per_page_error_s": 0.001}
    summaries = [replace(make_summary(cell, 0.5), **per_page) for cell in fast[:2]]
    session = make_session(rounds=[], plan=plan, summaries=(*summaries, make_summary(fast[2], 0.5)))
    by_page, whole = (
        next(line for line in make_series(session, quantity) if line.name == "fast")
        for quantity in (Quantity.PAGE, Quantity.TIME)
    )
    assert [(point.place, point.pages_per_s) for point in by_page.points] == [
        (1.0, pytest.approx(100)),
        (5.0, pytest.approx(100)),
    ]
    assert by_page.points[0].error == pytest.approx(0.1)
    assert [point.place for point in whole.points] == [1.0, 5.0, 40.0]
    titles = [table.title for table in series_tables(SessionView(session))]
    assert [title.partition(";")[0] for title in titles] == [
        "pages/s by latency, once a crawl has begun",
        "pages/s by latency",
    ]
