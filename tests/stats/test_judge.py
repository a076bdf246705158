"""What is concluded from samples, and what is not."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from crawlbench.records import Failure, Verdict
from crawlbench.stats.judge import is_precise, judge
from crawlbench.stats.limit import REFERENCE
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other

HALF, TWICE = other("half"), other("twice", "uvloop")
WOBBLE = (1.00, 1.01, 0.99, 1.005, 0.995, 1.002)


def rounds(cells, count=6, drift=0.0):
    """Return rounds in which each cell takes its factor of a baseline that drifts."""
    made = []
    for number in range(count):
        base = 1.0 + drift * number
        noise = WOBBLE[number % len(WOBBLE)]
        made.append(
            {cell: [base * factor * noise, base * factor] for cell, factor in cells.items()}
        )
    return made


def judged(cells, failures=(), plan=None, **options):
    """Judge a session of these cells."""
    plan = plan or make_plan(HALF, TWICE)
    return judge(
        make_session(plan, rounds({BASELINE: 1, CONTROL: 1, **cells}, **options), failures)
    )


def verdicts(session):
    return {c.cell.split("/")[0]: c.verdict for c in session.comparisons}


def test_faster_and_slower_are_told():
    """Half the time is faster, twice is slower, with the ratio as a logarithm."""
    session = judged({HALF: 0.5, TWICE: 2.0})
    assert verdicts(session) == {"half": Verdict.FASTER, "twice": Verdict.SLOWER}
    assert session.comparisons[0].estimate == pytest.approx(math.log(0.5), abs=1e-9)


def test_drift_of_the_machine_cancels():
    """A machine that becomes twice as slow during the session changes no ratio."""
    steady, drifting = (judged({HALF: 0.5, TWICE: 2.0}, drift=d) for d in (0.0, 0.2))
    for one, two in zip(steady.comparisons, drifting.comparisons, strict=True):
        assert one.estimate == pytest.approx(two.estimate, abs=1e-9)
        assert one.verdict is two.verdict


def test_warmups_count_for_nothing():
    """The builder's warmups take 9.9 s; no summary knows."""
    session = judged({HALF: 0.5, TWICE: 2.0})
    assert {round(s.seconds, 1) for s in session.summaries} == {0.5, 1.0, 2.0}


def test_invalid_cell_has_a_reason_and_no_number():
    """It is neither summed up nor compared, and others are."""
    failure = Failure(HALF.name, 2, "wrong answer: x")
    session = judged({HALF: 0.5, TWICE: 2.0}, [failure])
    assert verdicts(session) == {"half": Verdict.INVALID, "twice": Verdict.SLOWER}
    assert session.comparisons[0].estimate is None
    assert session.comparisons[0].reason == "wrong answer: x"
    assert HALF.name not in {summary.cell for summary in session.summaries}


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (BASELINE, f"its baseline {BASELINE.name} is invalid"),
        (CONTROL, "the control is invalid, so the noise here is not known"),
    ],
)
def test_without_baseline_or_control_nothing_is_judged(cell, reason):
    """The reason stands in every comparison."""
    session = judged({HALF: 0.5, TWICE: 2.0}, [Failure(cell.name, 1, "crashed")])
    assert {c.verdict for c in session.comparisons} == {Verdict.UNCLEAR}
    assert {c.reason for c in session.comparisons} == {reason}


def test_one_round_gives_no_interval():
    """A single round says nothing on the spread between rounds."""
    session = judged({HALF: 0.5, TWICE: 2.0}, count=1)
    assert {c.reason for c in session.comparisons} == {"fewer than two rounds give no interval"}
    assert session.noise[0].margin is None
    assert "1 round only" in session.warnings[0].text


def test_few_rounds_are_a_warning():
    """Fewer than five rounds are said to be few; five are not."""
    few, enough = (judged({HALF: 0.5, TWICE: 2.0}, count=c) for c in (4, 5))
    assert [w.topic for w in few.warnings] == ["rounds"]
    assert not enough.warnings


def test_noise_floor_is_the_larger_of_users_margin_and_controls_end():
    """A quiet control leaves the user's margin; a restless one raises it."""
    quiet = judged({HALF: 0.5, TWICE: 2.0})
    assert quiet.noise[0].margin == pytest.approx(0.01)
    unsteady = [
        {BASELINE: [1.0], CONTROL: [1.0 + shift], HALF: [0.99], TWICE: [2.0]}
        for shift in (0.2, -0.2, 0.15, -0.1, 0.1, 0.0)
    ]
    session = judge(make_session(make_plan(HALF, TWICE), unsteady))
    floor = session.noise[0]
    assert floor.margin == max(abs(floor.low), abs(floor.high)) > 0.05
    assert verdicts(session)["half"] is not Verdict.FASTER


def test_precise_means_every_interval_is_narrow_enough():
    """Ten rounds at least, and only if a precision was asked for."""
    plan = make_plan(HALF, TWICE, precision=0.05)
    assert is_precise(judged({HALF: 0.5, TWICE: 2.0}, plan=plan, count=10))
    assert not is_precise(judged({HALF: 0.5, TWICE: 2.0}, plan=plan, count=9))
    assert not is_precise(judged({HALF: 0.5, TWICE: 2.0}))
    spread = [
        {BASELINE: [1.0], CONTROL: [1.0], HALF: [0.5 * factor], TWICE: [2.0]} for factor in WOBBLE
    ]
    assert not is_precise(judge(make_session(make_plan(HALF, TWICE, precision=1e-4), spread)))


def test_raw_reference_is_summed_up_and_never_compared():
    """It is no client that anybody could choose, and would cost the others certainty."""
    raw = other(REFERENCE)
    session = judged({HALF: 0.5, raw: 0.1}, plan=make_plan(HALF, raw))
    assert [c.cell for c in session.comparisons] == [HALF.name]
    assert raw.name in {summary.cell for summary in session.summaries}
    assert all(summary.of_limit for summary in session.summaries)


def judged_with(seen, ceiling=None):
    """Judge a session whose mirror showed this, by cell."""
    cells = {BASELINE: 1, CONTROL: 1, HALF: 0.5, TWICE: 2.0}
    ceilings = {"site/net": ceiling} if ceiling else {}
    plan = make_plan(HALF, TWICE)
    return judge(make_session(plan, rounds(cells), seen=seen, ceilings=ceilings))


DISTURBED = {"mirror_cpu_s": 0.08, "mirror_wait_s": 0.02}


def test_disturbed_mirror_forbids_the_verdict_of_its_row():
    """With the remedy; other rows are judged."""
    session = judged_with({HALF: DISTURBED})
    assert verdicts(session) == {"half": Verdict.UNCLEAR, "twice": Verdict.SLOWER}
    assert session.comparisons[0].reason == (
        "something else had the mirror's CPU: end it, or leave a CPU to the mirror alone"
    )


def test_disturbed_mirror_of_the_baseline_forbids_all_verdicts():
    """All are compared with it."""
    session = judged_with({BASELINE: DISTURBED})
    assert set(verdicts(session).values()) == {Verdict.UNCLEAR}


def test_server_bound_cell_is_judged_against_a_baseline_that_is_not():
    """It is faster; by how much, the mirror hides, as the note under the table says."""
    session = judged_with({}, ceiling=30.0)
    assert [s.mark for s in session.summaries if s.cell == HALF.name] == ["server-bound"]
    assert verdicts(session)["half"] is Verdict.FASTER


def test_two_server_bound_cells_are_not_told_apart():
    """What they were measured by is the mirror."""
    session = judged_with({}, ceiling=12.0)
    assert verdicts(session) == {"half": Verdict.UNCLEAR, "twice": Verdict.SLOWER}
    assert session.comparisons[0].reason == (
        "both this cell and its baseline are server-bound: the mirror was measured"
    )


def test_refusal_of_the_control_reaches_every_comparison_of_its_group():
    """And no other group's."""
    far = {
        cell: replace(cell, network="far", control=cell.control)
        for cell in (BASELINE, HALF, CONTROL)
    }
    plan = make_plan(
        cells=(BASELINE, HALF, TWICE, CONTROL, *far.values()),
        baselines={"site/net": BASELINE.name, "site/far": far[BASELINE].name},
    )
    cells = {BASELINE: 1, HALF: 0.5, TWICE: 2.0, CONTROL: 1.2}
    cells |= {far[BASELINE]: 1, far[HALF]: 0.5, far[CONTROL]: 1}
    session = judge(make_session(plan, rounds(cells)))
    near = [c for c in session.comparisons if "/net/" in c.cell]
    assert len(near) == 2
    assert {c.verdict for c in near} == {Verdict.UNCLEAR}
    assert {c.reason for c in near} == {session.noise[0].refusal}
    assert "the control differs from its twin by" in session.noise[0].refusal
    (distant,) = [c for c in session.comparisons if c not in near]
    assert distant.verdict is Verdict.FASTER
