"""Sessions that are old, partial, invalid, tiny, or none: each shows what there is."""

from __future__ import annotations

import pytest

from crawlbench.measure.store import load_session
from crawlbench.records import Failure
from crawlbench.report.plain import load_plain_suite
from crawlbench.report.show import SessionReport, SuiteReport
from crawlbench.stats.judge import judge
from tests.report.operating import operated
from tests.report.reference import REFERENCE, plain_mean
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other

pytest.importorskip("altair")
CHARTS = "() => [...document.querySelectorAll('.chart')].map(chart => chart.id)"


def old(folder):
    """Return the reference as it would be had it been measured before there were traces."""
    return SessionReport(load_session(REFERENCE), folder)


def broken_trace(folder):
    """Return a session whose trace was cut off."""
    (folder / "trace.jsonl.gz").write_bytes(b"\x1f\x8b")
    return one_cell(folder)


def partial(folder):
    """Return a session that was killed after its first round, with a cell that fell out."""
    failed = other("failed")
    values = {BASELINE: [0.5, 0.51], other("x"): [0.2, 0.21], CONTROL: [0.5, 0.5]}
    failures = [Failure(failed.name, 1, "crashed")]
    plan = make_plan(other("x"), failed)
    return SessionReport(judge(make_session(plan, [values], failures, ending="")), folder)


def invalid_only(folder):
    """Return a session in which nothing was right."""
    failures = [Failure(c.name, 0, "wrong answer", "Traceback") for c in (BASELINE, CONTROL)]
    session = make_session(make_plan(), [], failures, ending="nothing left")
    return SessionReport(judge(session), folder)


def one_cell(folder):
    """Return a session of a baseline and its twin."""
    rounds = [{BASELINE: [0.5, 0.51], CONTROL: [0.5, 0.52]} for _ in range(5)]
    return SessionReport(judge(make_session(make_plan(), rounds)), folder)


def only_baseline(folder):
    """Return a session without a control, as a hand-edited one may be."""
    plan = make_plan(cells=(BASELINE,))
    return SessionReport(judge(make_session(plan, [{BASELINE: [0.5, 0.51]}] * 2)), folder)


def nothing(folder):
    """Return a session that was interrupted before its first value."""
    return SessionReport(make_session(make_plan(), [], ending="interrupted"), folder)


def loops(folder):
    """Return a session of event loops' operations alone."""
    return SessionReport(operated(), folder)


def loops_and_crawls(folder):
    """Return a session of both."""
    return SessionReport(operated(with_crawls=True), folder)


def plain(folder):
    """Return a suite of plain pyperf."""
    return SuiteReport(load_plain_suite(REFERENCE / "suite.json"), "suite.json")


@pytest.mark.parametrize(
    ("make", "texts", "charts"),
    [
        (old, ["holds no trace of a crawl"], 12),
        (broken_trace, ["nothing to draw: trace.jsonl.gz cannot be read"], 6),
        (partial, ["it has not ended, or was killed", "crashed", "Nothing could be compared"], 5),
        (
            invalid_only,
            ["there is no answer", "wrong answer", "The worker's last words", "2 invalid cells"],
            0,
        ),
        (one_cell, ["there is nothing to compare; a crawl took 5"], 6),
        (only_baseline, ["there is nothing to compare"], 5),
        (nothing, ["there is no answer", "it was interrupted"], 0),
        (loops, ["1 is not supported", "uvloop: udp-sock", "timers-fire", "median late 577"], 3),
        (loops_and_crawls, ["a crawl took 10.00 ms", "1 is not supported", "udp-sock"], 9),
        (plain, ["plain pyperf suite", "there are no ratios", plain_mean()], 2),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_each_session_shows_what_is_there(open_page, screenshots, tmp_path, make, texts, charts):
    """And says what is not; quietly."""
    opened = open_page(make(tmp_path).html(), width=800)
    opened.page.screenshot(path=screenshots / f"state-{make.__name__}.png", full_page=True)
    assert opened.complaints == []
    shown = opened.ask("document.querySelector('main').textContent")
    for text in texts:
        assert text in shown
    assert len(opened.ask(CHARTS)) == charts
    assert opened.ask("document.documentElement.scrollWidth") <= 800
