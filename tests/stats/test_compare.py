"""Two sessions: a machine's speed cancels, a change is found, what cannot be compared is said."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from crawlbench.errors import UsageError
from crawlbench.records import Failure, NoiseFloor, Verdict
from crawlbench.stats.compare import compare_sessions
from crawlbench.stats.judge import judge
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other

FAST, SLOW = other("fast", "uvloop"), other("slow")
WOBBLE = (1.001, 0.998, 1.002, 0.999, 1.0, 1.0015)


def session(speed=1.0, rounds=6, plan=None, failures=(), turn=0, **factors):
    """Return a session; a factor of a strategy makes it slower."""
    seconds = {BASELINE: 1.0, FAST: 0.5, SLOW: 2.0, CONTROL: 1.0}
    laps = []
    for number in range(rounds):
        wobble = WOBBLE[(number + turn) % len(WOBBLE) :] + WOBBLE
        laps.append(
            {
                cell: [base * speed * factors.get(cell.strategy, 1.0) * wobble[place]] * 2
                for place, (cell, base) in enumerate(seconds.items())
            }
        )
    return judge(make_session(plan or make_plan(FAST, SLOW), laps, failures))


def changes(base, head, margin=0.01):
    """Return the changes by strategy."""
    found = compare_sessions(base, head, margin).changes
    return {change.cell.partition("/")[0]: change for change in found}


def test_session_against_another_of_the_same_is_the_same():
    """All cells but baseline and control, in the order of the base."""
    found = changes(session(), session(turn=1))
    assert {name: c.verdict for name, c in found.items()} == {
        "fast": Verdict.SAME,
        "slow": Verdict.SAME,
    }
    assert {c.rounds for c in found.values()} == {6}


def test_machine_that_is_twice_as_fast_cancels():
    """The plain times show it, the estimates do not."""
    found = changes(session(), session(speed=0.5, turn=1))
    assert {c.verdict for c in found.values()} == {Verdict.SAME}
    assert found["fast"].base_s == pytest.approx(0.5, rel=0.01)
    assert found["fast"].head_s == pytest.approx(0.25, rel=0.01)
    assert found["fast"].estimate == pytest.approx(0.0, abs=0.005)


@pytest.mark.parametrize(("factor", "verdict"), [(1.1, Verdict.SLOWER), (0.9, Verdict.FASTER)])
def test_planted_change_of_one_cell_is_found_there_alone(factor, verdict):
    """With its size, on a machine of another speed."""
    found = changes(session(), session(speed=2.0, fast=factor))
    assert found["fast"].verdict is verdict
    assert found["fast"].low < math.log(factor) < found["fast"].high
    assert found["fast"].estimate == pytest.approx(math.log(factor), abs=0.005)
    assert found["slow"].verdict is Verdict.SAME


def test_change_within_the_margin_is_none():
    """The user's, or the larger one of a control."""
    base, head = session(), session(fast=1.1)
    assert changes(base, head, margin=0.15)["fast"].verdict is not Verdict.SLOWER
    for sides in ((1, 0), (0, 1)):
        noisy = [
            replace(s, noise=(replace(s.noise[0], margin=0.15),)) if is_noisy else s
            for s, is_noisy in zip((base, head), sides, strict=True)
        ]
        assert changes(*noisy)["fast"].verdict is not Verdict.SLOWER


def test_different_tools_are_refused():
    """They may measure differently."""
    with pytest.raises(UsageError, match=r"come from crawlbench 0\.1\.0 and 9\.9"):
        compare_sessions(session(), replace(session(), tool="9.9"), 0.01)


def test_sessions_without_a_common_cell_are_refused():
    """With what each has."""
    cells = [replace(cell, site="books") for cell in (BASELINE, FAST, CONTROL)]
    plan = make_plan(cells=tuple(cells), baselines={"books/net": cells[0].name})
    with pytest.raises(UsageError, match="no cell in common: site/net against books/net"):
        compare_sessions(session(), make_session(plan, []), 0.01)


def test_network_of_one_name_and_other_numbers_is_refused():
    """A `wan` of another round trip is another network."""
    head = replace(session(), networks={"net": {"round_trip_s": 0.08}})
    with pytest.raises(UsageError, match="network 'net' was played with"):
        compare_sessions(session(), head, 0.01)


def test_network_of_one_side_only_is_no_obstacle():
    """Its cells are in one session only too."""
    base = session()
    head = replace(base, networks={**base.networks, "slow": {"round_trip_s": 1.0}})
    assert changes(base, head)["fast"].verdict is Verdict.SAME


def test_group_with_two_baselines_is_refused():
    """What a time is divided by must be the same on both sides."""
    head = session(plan=replace(make_plan(FAST, SLOW), baselines={"site/net": SLOW.name}))
    with pytest.raises(UsageError, match=r"the baseline of 'site/net' was base/-/.* and slow/-/"):
        compare_sessions(session(), head, 0.01)


@pytest.mark.parametrize("side", ["base", "head"])
def test_cell_that_is_invalid_on_a_side_is_invalid(side):
    """With the side and the reason; it has a time on the other side only."""
    failed = session(failures=[Failure(FAST.name, 2, "wrong answer: x")])
    pair = (failed, session()) if side == "base" else (session(), failed)
    found = changes(*pair)
    change = found["fast"]
    assert (change.verdict, change.estimate, change.low) == (Verdict.INVALID, None, None)
    assert change.reason == f"{side}: {FAST.name}: wrong answer: x"
    assert (change.base_s is None, change.head_s is None) == (side == "base", side == "head")
    assert found["slow"].verdict is Verdict.SAME


@pytest.mark.parametrize("twin", [BASELINE, CONTROL])
def test_without_baseline_or_control_nothing_can_be_said(twin):
    """The cells themselves are valid, so they are unclear."""
    found = changes(session(), session(failures=[Failure(twin.name, 2, "crashed")]))
    assert {c.verdict for c in found.values()} == {Verdict.UNCLEAR}
    assert {c.reason for c in found.values()} == {f"head: {twin.name}: crashed"}


def test_refusal_of_a_side_makes_its_group_unclear():
    """A machine that was too unsteady for one session is so for two."""
    floor = NoiseFloor("site/net", 6, 0.1, 0.1, 0.1, 0.1, "this machine was too unsteady: x")
    found = changes(replace(session(), noise=(floor,)), session())
    assert {c.verdict for c in found.values()} == {Verdict.UNCLEAR}
    assert {c.reason for c in found.values()} == {"base: this machine was too unsteady: x"}


def test_cells_of_one_side_only_are_named():
    """They are no changes."""
    third = other("third")
    base, head = make_plan(FAST, SLOW), make_plan(third, FAST)
    found = compare_sessions(session(plan=base), make_session(head, []), 0.01)
    assert [change.cell for change in found.changes] == [FAST.name]
    assert found.only_base == (SLOW.name,)
    assert found.only_head == (third.name,)


def test_one_round_on_a_side_gives_no_interval():
    """Nothing is known of the spread there."""
    found = changes(session(rounds=1), session())
    assert {c.verdict for c in found.values()} == {Verdict.UNCLEAR}
    assert {c.reason for c in found.values()} == {"fewer than two rounds give no interval"}
    assert found["fast"].base_s == pytest.approx(0.5, rel=0.01)
