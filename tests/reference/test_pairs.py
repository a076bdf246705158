"""Any two of a scenario are compared, the questions that people come with lead to the answer."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from benchmarks import reference

from crawlbench.reference.matrix import Matrix, Measured, load_matrices
from crawlbench.reference.pooling import SessionPool
from crawlbench.reference.questions import QUESTIONS, find_questions
from crawlbench.reference.scenario import Scenario
from crawlbench.reference.submission import make_bundle
from crawlbench.reference.table import make_table
from tests.reference.builders import ALIKE, BASE, FAST, GROUP, SLOW, TWIN, measured
from tests.reference.test_picture import write_part
from tests.reference.test_table import write_matrices


@pytest.fixture(scope="module")
def pairs():
    """Return the pairs of three sessions in which one is fast and two are alike."""
    return SessionPool([measured(seed) for seed in (1, 2, 3)], GROUP).pairs


def test_each_pair_has_its_ratio_and_what_is_told(pairs):
    """The intervals hold the truth; what is alike is not told apart."""
    found = pairs[FAST.name, SLOW.name]
    assert found.sign == -1
    assert found.interval.low < math.log(0.5 / 1.6) < found.interval.high
    assert pairs[SLOW.name, ALIKE.name].sign == 0
    assert pairs[BASE.name, SLOW.name].sign == -1
    assert len(pairs) == 6


def test_pairs_of_few_sessions_have_a_ratio_and_no_verdict():
    found = SessionPool([measured(1)], GROUP).pairs[FAST.name, SLOW.name]
    assert found.sign == 0
    assert found.sessions == 1
    assert found.estimate == pytest.approx(math.log(0.5 / 1.6), abs=0.05)


def test_table_has_the_pairs_of_the_newest_matrix(tmp_path):
    table = make_table(load_matrices(write_matrices(tmp_path)))
    (found,) = table.pairs
    assert found.matrix == table.rows[-1].matrix
    assert ("aiohttp-gather", "asyncio", "none") in found.members
    assert len(found.found) == 6


def test_page_has_every_pair_of_a_scenario_with_two_loops():
    """Pairs of loops are pooled by themselves; the page looks for a pair by its members' order."""
    loops = [replace(one, event_loop="uvloop") for one in (FAST, ALIKE)]
    ratios = {BASE: 1.0, TWIN: 1.0, FAST: 0.5, loops[0]: 0.4, SLOW: 1.6, ALIKE: 1.6, loops[1]: 1.5}
    made = [measured(n, ratios, laps=1) for n in (1, 2, 3)]
    sessions = [Measured("a/1", make_bundle(one).content, one) for one in made]
    found = Scenario(Matrix("a", tuple(sessions)), "s", GROUP, sessions, {}).pairs()
    assert len(found.members) == 6
    assert {*found.found} == {(one, two) for two in range(6) for one in range(two)}
    places = {axes: place for place, axes in enumerate(found.members)}
    base, fast = places["requests-serial", "-", "none"], places["aiohttp-gather", "uvloop", "none"]
    pair = found.found[min(base, fast), max(base, fast)]
    assert (pair.sign, base < fast) == (1, True)


def test_question_that_no_part_answers_is_not_asked(tmp_path):
    """And one that is leads to a scenario, and to what others are compared with."""
    assert find_questions(make_table([])) == []
    table = make_table(load_matrices(write_part(tmp_path, "clients")))
    (found,) = find_questions(table)
    assert found["text"].startswith("Is httpx2 faster than httpx")
    assert found["choice"]["scenario"].startswith("clients: ")
    assert found["choice"]["against"] == "httpx-async|asyncio|none"
    assert len(QUESTIONS) == 4


@pytest.mark.parametrize(
    ("part", "missing"),
    [
        ("clients", {"strategy": "httpx2-async"}),
        ("clients", {"strategy": "httpx-async"}),
        ("api", {"loop": "uvloop"}),
        ("parsers", {"parser": "turbohtml"}),
        ("parsers", {"parser": "lxml"}),
        ("reuse", {"strategy": "aiohttp-session-per-request"}),
        ("reuse", {"strategy": "aiohttp-gather"}),
    ],
    ids=str,
)
def test_question_is_asked_only_if_both_sides_were_measured(tmp_path, part, missing):
    """Else its link would lead to a table without rows."""
    table = make_table(load_matrices(write_part(tmp_path, "clients")))
    template = next(row for row in table.rows if row.strategy == "httpx-async")
    sides = {
        "clients": [("httpx-async", "asyncio", "none"), ("httpx2-async", "asyncio", "none")],
        "api": [("aiohttp-gather", "asyncio", "none"), ("httpx-async", "uvloop", "none")],
        "parsers": [("aiohttp-gather", "asyncio", p) for p in ("lxml", "turbohtml")],
        "reuse": [
            ("aiohttp-gather", "asyncio", "none"),
            ("aiohttp-session-per-request", "asyncio", "none"),
        ],
    }
    rows = [
        replace(template, scenario=f"{part}: x", strategy=strategy, loop=loop, parser=parser)
        for strategy, loop, parser in sides[part]
    ]
    ((name, gone),) = missing.items()
    kept = [row for row in rows if getattr(row, name) != gone]
    assert len(kept) < len(rows)
    assert len(find_questions(replace(table, rows=tuple(rows)))) == 1
    assert find_questions(replace(table, rows=tuple(kept))) == []


def test_question_of_a_part_that_a_new_matrix_has_not_reached_is_still_asked(tmp_path):
    write_part(tmp_path, "clients")
    write_part(tmp_path, "cold", 1, day="2026-11-21")
    (found,) = find_questions(make_table(load_matrices(tmp_path)))
    assert found["choice"]["scenario"].startswith("clients: ")


def test_makers_agree_on_what_is_far_from_one():
    """An Intel and an AMD, years of kernel apart; the table tells it beside its own sessions."""
    table = make_table([], [reference.load_makers()])
    assert sum(band.pairs for band in table.elsewhere) >= 30
    assert table.elsewhere[-1].answered >= 9
    assert sum(band.flipped for band in table.elsewhere[2:]) == 0
