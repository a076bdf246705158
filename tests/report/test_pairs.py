"""All pairs of a group: which is best, which differ, in words, signs and numbers."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from crawlbench.base.records import Obstacle, Quantity, Verdict
from crawlbench.report.pairs import matrix_table, pairs_table
from crawlbench.report.remarks import find_remarks
from crawlbench.report.results import results_of
from crawlbench.report.standing import find_standing, tell_loops, tell_standing
from crawlbench.report.view import SessionView, reverse
from tests.report.operating import operated
from tests.report.sessions import concluded, make_comparison, make_summary
from tests.report.views import make_page, operation_tables
from tests.stats.builders import BASELINE, CONTROL, make_plan, other
from tests.stats.operating import make_facts, make_operations_plan, make_operations_session

ON_ASYNCIO, ON_UVLOOP = other("gather", "asyncio"), other("gather", "uvloop")
THREADS, SLOW = other("threads"), other("slow")


@cache
def five():
    """Return a session of two that are the same, one not settled, and two that are slower."""
    same = make_comparison(ON_UVLOOP, 0.002, Verdict.SAME, width=0.003, other_cell=ON_ASYNCIO)
    unclear = {"verdict": Verdict.UNCLEAR, "obstacle": Obstacle.OPEN, "more_rounds": 7}
    times = {BASELINE: 0.5, ON_ASYNCIO: 0.25, ON_UVLOOP: 0.2505, THREADS: 0.253, SLOW: 0.6}
    return concluded(
        plan=make_plan(ON_ASYNCIO, ON_UVLOOP, THREADS, SLOW),
        summaries=tuple(make_summary(cell, s) for cell, s in {**times, CONTROL: 0.5}.items()),
        comparisons=(
            make_comparison(ON_ASYNCIO, -0.6931),
            make_comparison(ON_UVLOOP, -0.6911),
            make_comparison(THREADS, -0.681),
            make_comparison(SLOW, 0.1823, Verdict.SLOWER),
            same,
            make_comparison(THREADS, 0.012, width=0.006, other_cell=ON_ASYNCIO, **unclear),
            make_comparison(SLOW, 0.8755, Verdict.SLOWER, other_cell=ON_ASYNCIO),
            make_comparison(THREADS, 0.010, width=0.006, other_cell=ON_UVLOOP, **unclear),
            make_comparison(SLOW, 0.8735, Verdict.SLOWER, other_cell=ON_UVLOOP),
            make_comparison(SLOW, 0.8635, Verdict.SLOWER, other_cell=THREADS),
        ),
        failures=(),
    )


def only_group(session):
    view = SessionView(session)
    (group,) = view.groups.values()
    return view, group


def test_standing_is_told_from_the_best_one():
    """Literal text for fixed numbers; the same strategy on both loops is named once."""
    _, group = only_group(five())
    assert tell_standing(group, find_standing(group)) == (
        "best: gather on asyncio; the same: gather on uvloop; not settled against it: threads "
        "(up to 1.8 %); slower: base (2.0 times) and slow (2.4 times)"
    )


def test_best_is_whom_no_pair_calls_slower():
    """A lower ratio to the baseline does not outdo what the two themselves say."""
    turned = make_comparison(ON_UVLOOP, -0.02, Verdict.FASTER, width=0.003, other_cell=ON_ASYNCIO)
    first = five()
    others = [
        one
        for one in first.comparisons
        if {one.cell, one.baseline} != {ON_UVLOOP.name, ON_ASYNCIO.name}
    ]
    _, group = only_group(
        concluded(
            plan=first.plan, summaries=first.summaries, comparisons=(*others, turned), failures=()
        )
    )
    assert find_standing(group).best.cell == ON_UVLOOP


def test_matrix_has_a_sign_for_each_pair_in_both_directions():
    """The best first; nothing is said of a cell against itself."""
    _, group = only_group(five())
    table = matrix_table(group)
    assert [row[2:] for row in table.rows] == [
        ("·", "=", "?", "<", "<"),
        ("=", "·", "?", "<", "<"),
        ("?", "?", "·", "<", "<"),
        (">", ">", ">", "·", "<"),
        (">", ">", ">", ">", "·"),
    ]
    assert [row[1] for row in table.rows] == [
        *("gather on asyncio", "gather on uvloop", "threads", "base", "slow")
    ]


def test_list_of_pairs_has_ratio_interval_and_why_not():
    """Also where there is no verdict."""
    view, group = only_group(five())
    rows = {row[:2]: row[2:] for row in pairs_table(view, group).rows}
    assert len(rows) == 10
    assert rows["threads", "gather on asyncio"][:3] == ("1.012", "1.006 to 1.018", "unclear")
    assert "about 7 more rounds" in rows["threads", "gather on asyncio"][3]
    assert rows["gather on uvloop", "gather on asyncio"][2:] == ("same", "")


def test_pair_of_event_loops_has_its_own_line():
    """By the pair's own ratio."""
    view, group = only_group(five())
    assert ("loops", "gather: uvloop takes 1.002 of asyncio's time (0.999 to 1.005): same") in (
        find_remarks(view, group)
    )


@pytest.mark.parametrize(
    ("quantity", "width", "measure"),
    [(Quantity.TIME, 600.0, "time"), (Quantity.BEGIN, 0.3, "time to begin")],
)
def test_pair_of_event_loops_whose_interval_says_nothing_has_no_numbers(quantity, width, measure):
    """Wider than tenfold, or to begin, wider than a whole crawl."""
    made = make_comparison(ON_UVLOOP, 0.0, Verdict.UNCLEAR, width=width, other_cell=ON_ASYNCIO)
    known = (make_comparison(cell, 0.0, Verdict.SAME) for cell in (ON_ASYNCIO, ON_UVLOOP))
    comparisons = tuple(replace(one, quantity=quantity) for one in (*known, made))
    session = replace(five(), comparisons=comparisons)
    _, group = only_group(session)
    (line,) = tell_loops(group, quantity)
    assert line == (
        f"gather: uvloop against asyncio, by {measure}: unclear, too uncertain to say by how much"
    )


def test_turned_pair_says_the_same_from_the_other_side():
    """Twice turned, it is as it was."""
    for found in five().comparisons:
        assert reverse(reverse(found)) == found
    turned = reverse(five().comparisons[-1])
    assert (turned.verdict, turned.estimate) == (Verdict.FASTER, -0.8635)


def test_json_has_the_pairs_and_the_standing():
    """By the cells' keys."""
    results = results_of(SessionView(five()))
    (standing,) = results.standings
    assert standing.best == ON_ASYNCIO.name
    assert standing.same == [ON_UVLOOP.name]
    assert standing.unsettled == [THREADS.name]
    assert standing.slower == [BASELINE.name, SLOW.name]
    assert len(results.pairs) == 10
    assert {pair.quantity for pair in results.pairs} == {Quantity.TIME}


def test_page_has_standing_matrix_and_all_pairs():
    """And says among its troubles why two are not settled, since remarks belong to no table."""
    pytest.importorskip("altair")
    page = make_page(five())
    (section,) = [one for one in page.sections if one.name == "pairs"]
    assert [table.title for table in section.tables] == ["In words", "net: which cells differ"]
    assert [table.title for table in section.details] == ["net: all pairs"]
    assert any(
        trouble.label == "unclear" and trouble.text.startswith("net: 2 pairs, such as threads")
        for trouble in page.troubles
    )


def test_operations_show_their_cpu_verdict_where_there_is_one():
    """A clock that is fine enough is not everywhere."""
    plan = make_operations_plan(make_facts())
    cpu_s = {False: 0.010, True: 0.005}
    seen = {cell: {"cpu_s": cpu_s[cell.event_loop == "uvloop"]} for cell in plan.cells}
    (table,) = operation_tables(make_operations_session(plan, seen=seen))
    assert table.pick(("CPU ratio",)).rows == (("1",), ("0.500 faster",))
    for table in operation_tables(operated()):
        assert "CPU ratio" not in [column.header for column in table.columns]
