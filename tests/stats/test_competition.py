"""Waits for a CPU: those that others caused, and those of a worker's own threads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawlbench.base.records import Doubt, Mark, Verdict
from crawlbench.stats.competition import ALLOWANCE, MAX_SIDE_SHARE, find_others_shares
from crawlbench.stats.index import Index
from crawlbench.stats.judge import judge
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other

POOL, ASIDE = other("pool"), other("aside", "uvloop")
USED_S = 0.1
SECONDS = {BASELINE: 1.0, CONTROL: 1.0, POOL: 0.9, ASIDE: 0.5}


def seen(waited_s, side_s=0.0):
    """Return what samples have that use a tenth of a second, and wait so long."""
    return {"cpu_s": USED_S, "cpu_wait_s": waited_s, "side_cpu_s": side_s}


def session_of(by_cell):
    """Return a session in which each cell waited as it is said; crawls differ a little."""
    rounds = [
        {
            cell: [one * (1 + 0.001 * ((n + lap) % 3)) for lap in range(2)]
            for cell, one in SECONDS.items()
        }
        for n in range(8)
    ]
    return make_session(make_plan(POOL, ASIDE), rounds, seen=by_cell)


def shares_of(by_cell):
    """Return by cell which share of its waits others caused."""
    session = session_of(by_cell)
    return find_others_shares(session, Index(session.rounds))


ALL = dict.fromkeys((cell.name for cell in (BASELINE, CONTROL, ASIDE, POOL)), 1.0)
"""Others caused all waits of all cells."""
SINGLES = {BASELINE: seen(0.001), CONTROL: seen(0.001), ASIDE: seen(0.001)}


def test_threads_wait_for_others_about_as_long_as_cells_with_one_thread():
    """They waited thirty times as long, others caused twice the usual at most."""
    found = shares_of({**SINGLES, POOL: seen(0.03, side_s=0.08)})
    assert found == {**ALL, POOL.name: pytest.approx(ALLOWANCE / 30)}


@pytest.mark.parametrize("waited_s", [0.0, 0.001, 0.001 * ALLOWANCE])
def test_threads_that_wait_no_longer_than_others_are_believed(waited_s):
    """All of it may be others."""
    assert shares_of({**SINGLES, POOL: seen(waited_s, side_s=0.08)}) == ALL


def test_cell_with_one_thread_cannot_have_waited_for_itself():
    """However long it waited, and though the others hardly did."""
    assert shares_of({**SINGLES, POOL: seen(0.03)}) == ALL


@pytest.mark.parametrize("side_s", [0.9 * MAX_SIDE_SHARE * USED_S, 1.1 * MAX_SIDE_SHARE * USED_S])
def test_nobody_waits_for_a_thread_longer_than_it_works(side_s):
    """A resolver's thread explains as much as it used, on whichever side of a hundredth that is."""
    found = shares_of({**SINGLES, POOL: seen(0.03, side_s=side_s)})
    assert found == {**ALL, POOL.name: pytest.approx(1 - side_s / 0.03)}


def test_without_cells_to_compare_with_all_waits_count():
    """Threads alone, or a session that does not tell which thread used the CPU."""
    pools = dict.fromkeys((BASELINE, CONTROL, ASIDE), seen(0.001, side_s=0.05))
    assert shares_of({**pools, POOL: seen(0.03, side_s=0.08)}) == {}
    assert shares_of({**pools, POOL: seen(0.03)}) == {POOL.name: 1.0}  # it has nobody to wait for
    untold = {**seen(0.03), "side_cpu_s": None}
    assert POOL.name not in shares_of({**SINGLES, POOL: untold})


def test_machine_with_a_busy_neighbour_leaves_the_doubt_as_it_was():
    """All cells waited alike, those with threads as well."""
    jammed = {cell: seen(0.08) for cell in (BASELINE, CONTROL, ASIDE)}
    assert shares_of({**jammed, POOL: seen(0.09, side_s=0.08)}) == ALL


def test_verdict_on_threads_survives_their_own_competition():
    """10 % faster, and a tenth of a crawl waited for: for others it would be another matter."""
    own = judge(session_of({**SINGLES, POOL: seen(0.09, side_s=0.095)}))
    others = judge(session_of({**SINGLES, POOL: seen(0.09)}))
    pool = own.against_baseline()[0]
    assert (pool.cell, pool.verdict) == (POOL.name, Verdict.FASTER)
    [starved] = [size for size in pool.doubts if size.doubt is Doubt.STARVATION]
    assert starved.cell_share == pytest.approx(ALLOWANCE * 0.001 / 0.9, rel=0.01)
    assert others.against_baseline()[0].low < pool.low - 0.09
    marks = {s.cell: s.mark for one in (own, others) for s in one.summaries if s.cell == POOL.name}
    assert marks == {POOL.name: Mark.STARVED}
    assert {s.mark for s in own.summaries} == {Mark.NONE}


def starved_session(side_s):
    """Return a session in which waits of all sizes come and go, at the baseline and the pool."""
    waits = [0.3, 0.05, 0.2, 0.0, 0.35, 0.1, 0.25, 0.15]
    rounds, session = [], session_of({})
    for record, wait in zip(session.rounds, waits, strict=True):
        samples = []
        for sample in record.samples:
            waited_s = wait if sample.cell == POOL.name else 0.35 - wait
            seconds = sample.seconds + waited_s
            own = {"cpu_s": USED_S, "cpu_wait_s": waited_s, "side_cpu_s": side_s}
            samples.append(replace(sample, seconds=seconds, **own))
        rounds.append(replace(record, samples=tuple(samples)))
    return judge(replace(session, rounds=tuple(rounds)))


def test_chance_in_waits_is_a_part_of_what_is_measured_if_they_may_be_a_workers_own():
    """Beside a neighbour the same waits explain why rounds differ."""
    others, own = starved_session(0.0), starved_session(0.05)
    widths = [
        found.against_baseline()[0].high - found.against_baseline()[0].low
        for found in (others, own)
    ]
    assert widths[0] < 0.6 * widths[1]
    assert {len(found.against_baseline()[0].doubts) for found in (others, own)} == {1}
