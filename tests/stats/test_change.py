"""Cells against themselves in another environment: groups, verdicts, a side that breaks."""

from __future__ import annotations

import pytest

from crawlbench.base.records import Cell, Environment, Failure, Verdict
from crawlbench.stats.change import find_changes
from crawlbench.stats.judge import judge
from tests.stats.builders import make_plan, make_session

BASE = Cell("site", "net", "one", None, "lxml", 10, "base", versus=True)
HEAD = Cell("site", "net", "one", None, "lxml", 10, "head", versus=True)
TWIN = Cell("site", "net", "one", None, "lxml", 10, "base", control=True, versus=True)


def session(failed=()):
    """Return a judged session in which the head takes 1.2 of the base's time."""
    plan = make_plan(
        cells=(BASE, HEAD, TWIN),
        baselines={BASE.group: BASE.name},
        environments=(Environment("base"), Environment("head")),
    )
    rounds = [
        {cell: [seconds * (1 + n / 1000)] * 2 for cell, seconds in times.items()}
        for n, times in enumerate([{BASE: 1.0, HEAD: 1.2, TWIN: 1.0}] * 6)
    ]
    failures = [Failure(cell.name, 1, "raised ValueError") for cell in failed]
    rounds = [{c: s for c, s in of.items() if c not in failed} for of in rounds]
    return judge(make_session(plan, rounds, failures))


def test_a_cell_and_its_likes_elsewhere_are_one_group():
    assert BASE.group == HEAD.group == TWIN.group == "one/-/lxml/c10/net/site"
    assert BASE.place == "site/net"
    assert HEAD.name == "one/-/lxml/c10/net/site/@head"


def test_change_has_both_times_and_the_ratio_of_the_same_laps():
    (change,) = find_changes(session())
    assert (change.base_s, change.head_s) == (
        pytest.approx(1.0025, rel=1e-3),
        pytest.approx(1.203, rel=1e-3),
    )
    assert change.estimate == pytest.approx(0.1823, abs=1e-3)
    assert change.verdict is Verdict.SLOWER


@pytest.mark.parametrize("broken", [BASE, TWIN, HEAD])
def test_side_that_breaks_makes_the_change_invalid(broken):
    """Else a gate would call it unclear, and let it through."""
    (change,) = find_changes(session([broken]))
    assert change.verdict is Verdict.INVALID
    assert change.detail
