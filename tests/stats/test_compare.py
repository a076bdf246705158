"""Two sessions: plain and normalised, what both say, and what only one of them does."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Anchor, Failure, Obstacle, OwnFile, Quantity, Verdict
from crawlbench.stats.change import Way
from crawlbench.stats.comparability import explain_between
from crawlbench.stats.compare import compare_sessions
from crawlbench.stats.gate import hold_gate
from crawlbench.stats.judge import judge
from tests.stats.builders import BASELINE, CONTROL, MACHINE, make_plan, make_session, other
from tests.stats.operating import make_facts, make_operations_plan, make_operations_session

FAST, SLOW = other("fast", "uvloop"), other("slow")
WOBBLE = (1.001, 0.998, 1.002, 0.999, 1.0, 1.0015)


def session(speed=1.0, rounds=6, plan=None, failures=(), turn=0, *, anchored=True, **factors):
    """Return a session; a factor makes a strategy slower, a speed the machine and its anchors."""
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
    made = make_session(plan or make_plan(FAST, SLOW), laps, failures)
    if anchored:
        anchors = tuple(Anchor("site/net", lap, 0.001 * speed, 0.002 * speed) for lap in (0, 1))
        records = tuple(replace(record, anchors=anchors) for record in made.rounds)
        made = replace(made, rounds=records)
    return judge(made)


MARGIN = 0.05


def changes(base, head, margin=MARGIN, others=()):
    """Return the changes by strategy."""
    found = compare_sessions(base, head, margin, others).changes
    return {change.cell.partition("/")[0]: change for change in found}


def others(count=12):
    """Return sessions of the same code, that differ by little."""
    return [session(turn=number) for number in range(count)]


def way(change, name):
    return next(seen for seen in change.ways if seen.way is name)


def test_same_code_twice_is_the_same_where_sessions_are_known_to_agree():
    """All cells have rows, the baseline among them; twelve others say how far sessions differ."""
    found = changes(session(), session(turn=1), margin=0.1, others=others())
    assert {name: c.verdict for name, c in found.items()} == {
        "base": Verdict.SAME,
        "fast": Verdict.SAME,
        "slow": Verdict.SAME,
    }
    assert {c.rounds for c in found.values()} == {6}


def test_machine_that_is_twice_as_fast_cancels():
    """By its anchors, and in normalised time; the times that stand beside show it."""
    found = changes(session(), session(speed=0.5, turn=1))
    assert found["fast"].base_s == pytest.approx(0.5, rel=0.01)
    assert found["fast"].head_s == pytest.approx(0.25, rel=0.01)
    for seen in found["fast"].ways:
        assert seen.estimate == pytest.approx(0.0, abs=0.25)  # a quarter of its time is waiting
    assert way(found["fast"], Way.NORMALISED).estimate == pytest.approx(0.0, abs=0.005)


@pytest.mark.parametrize(("factor", "verdict"), [(1.5, Verdict.SLOWER), (0.6, Verdict.FASTER)])
def test_planted_change_of_one_cell_is_found_there_alone(factor, verdict):
    """Plain and normalised agree, so that it is a verdict."""
    found = changes(session(), session(fast=factor))
    assert found["fast"].verdict is verdict
    assert found["fast"].low < math.log(factor) < found["fast"].high
    assert found["slow"].verdict not in (Verdict.FASTER, Verdict.SLOWER)


def test_baseline_that_alone_became_slower_makes_nothing_faster():
    """Every other cell is relatively faster; that is said to be relative."""
    found = changes(session(), session(base=1.5))
    assert found["base"].verdict is Verdict.SLOWER
    for name in ("fast", "slow"):
        assert way(found[name], Way.NORMALISED).verdict is Verdict.FASTER
        assert way(found[name], Way.PLAIN).verdict is not Verdict.FASTER
        assert (found[name].verdict, found[name].obstacle) == (Verdict.UNCLEAR, Obstacle.PLAIN)
        assert found[name].detail == BASELINE.name


def test_everything_that_became_slower_is_slower():
    """The anchors did not, so it is the code; normalised, nothing would be seen."""
    found = changes(session(), session(base=1.5, fast=1.5, slow=1.5), margin=0.1, others=others())
    assert {c.verdict for c in found.values()} == {Verdict.SLOWER}


def test_sessions_without_anchors_claim_no_sameness_and_no_speed():
    """Format 1: plain times may show a slowdown, and nothing else."""
    pair = session(anchored=False), session(anchored=False, fast=0.5)
    found = changes(*pair)
    assert way(found["fast"], Way.PLAIN).verdict is Verdict.UNCLEAR
    assert {way(c, Way.PLAIN).verdict for c in found.values()} <= {Verdict.UNCLEAR, Verdict.SLOWER}
    slower = changes(session(anchored=False), session(anchored=False, fast=2.0))
    assert slower["fast"].verdict is Verdict.SLOWER


def test_group_that_failed_as_a_whole_takes_the_anchors_from_no_other():
    """It has none because it was not measured."""
    far = [replace(cell, network="far") for cell in (BASELINE, FAST, CONTROL)]
    baselines = {"site/net": BASELINE.name, far[0].group: far[0].name}
    plan = make_plan(cells=(BASELINE, FAST, SLOW, CONTROL, *far), baselines=baselines)
    failures = [Failure(cell.name, 1, "crashed") for cell in far]
    base, head = (session(plan=plan, failures=failures, fast=f) for f in (1.0, 0.5))
    found = compare_sessions(base, head, MARGIN)
    assert found.has_anchors
    (fast,) = [one for one in found.changes if one.cell == FAST.name]
    assert way(fast, Way.PLAIN).verdict is Verdict.FASTER
    without = session(plan=plan, failures=failures, anchored=False)
    assert not compare_sessions(base, without, MARGIN).has_anchors


def test_variance_between_sessions_widens_every_interval():
    """A session's own interval is true of that session alone."""
    found = compare_sessions(session(), session(turn=1), MARGIN)
    assert found.spreads[Way.NORMALISED].sessions == 0
    for change in found.changes:
        for seen in change.ways:
            assert (seen.interval.high - seen.interval.low) / 2 > 0.05
    known = compare_sessions(session(), session(turn=1), MARGIN, others())
    assert known.spreads[Way.NORMALISED].sessions == 12
    assert known.spreads[Way.NORMALISED].deviation < found.spreads[Way.NORMALISED].deviation


def test_variance_is_that_within_each_version():
    """The change itself is not taken for variance, though sessions of both versions count."""
    newer = replace(MACHINE, versions={"aiohttp": "4.0.0"})
    upgraded = [replace(session(turn=n, fast=2.0), machine=newer) for n in range(6)]
    kept = [*others(6), *upgraded]
    found = compare_sessions(session(), upgraded[0], MARGIN, kept)
    assert found.spreads[Way.NORMALISED].sessions == 12
    assert found.spreads[Way.NORMALISED].deviation < 0.02
    (fast,) = [one for one in found.changes if one.cell == FAST.name]
    assert fast.verdict is Verdict.SLOWER


def test_event_loops_of_one_strategy_are_compared_from_session_to_session():
    """What differs by loop alone replicates better than what differs in kind."""
    kin = replace(FAST, event_loop="asyncio")
    plan = make_plan(kin, FAST)
    rounds = [
        {
            BASELINE: [1.0 + n / 1000] * 2,
            CONTROL: [1.0 + n / 999] * 2,
            kin: [0.5 + n / 5000] * 2,
            FAST: [0.4 + n / 3000] * 2,
        }
        for n in range(6)
    ]
    pair = [judge(make_session(plan, rounds)) for _ in range(2)]
    (found,) = compare_sessions(*pair, MARGIN).kin
    assert (found.cell, found.other) == (FAST.name, kin.name)
    assert found.seen.interval.low < 0 < found.seen.interval.high
    assert found.seen.interval.high - found.seen.interval.low < 0.03


def test_sessions_of_two_machines_are_said_to_be_such():
    base = session()
    head = replace(base, machine=replace(base.machine, cpu_model="Another"))
    assert compare_sessions(base, head, MARGIN).machines == ("CPU: A CPU to Another",)
    assert compare_sessions(base, base, MARGIN).machines == ()


def test_different_tools_are_refused():
    """They may measure differently."""
    with pytest.raises(UsageError, match=r"come from crawlbench 0\.1\.0 and 9\.9"):
        compare_sessions(session(), replace(session(), tool="9.9"), MARGIN)


def test_sessions_without_a_common_cell_are_refused():
    """With what each has."""
    cells = [replace(cell, site="books") for cell in (BASELINE, FAST, CONTROL)]
    plan = make_plan(cells=tuple(cells), baselines={"books/net": cells[0].name})
    with pytest.raises(UsageError, match="no cell in common: site/net against books/net"):
        compare_sessions(session(), make_session(plan, []), MARGIN)


def with_site(content):
    """Return a session whose site is a user's."""
    made = session()
    files = {"site": OwnFile("/home/site", "site", content)}
    return replace(made, plan=replace(made.plan, files=files))


def test_two_sites_of_one_name_are_refused():
    """In one sentence; where one is another's copy, or nothing is known of it, there is none."""
    with pytest.raises(UsageError, match=r"the site 'site' is not the same in both sessions"):
        compare_sessions(with_site("1"), with_site("2"), MARGIN)
    for pair in ((with_site("1"), with_site("1")), (with_site("1"), session())):
        assert compare_sessions(*pair, MARGIN).changes


def test_network_of_one_name_and_other_numbers_is_refused():
    """A `wan` of another round trip is another network."""
    head = replace(session(), networks={"net": {"round_trip_s": 0.08}})
    with pytest.raises(UsageError, match="network 'net' was played with"):
        compare_sessions(session(), head, MARGIN)


def test_network_of_one_side_only_is_no_obstacle():
    """Its cells are in one session only too."""
    base = session()
    head = replace(base, networks={**base.networks, "slow": {"round_trip_s": 1.0}})
    assert changes(base, head)["fast"].ways


def test_group_with_two_baselines_is_refused():
    """What a time is divided by must be the same on both sides."""
    head = session(plan=replace(make_plan(FAST, SLOW), baselines={"site/net": SLOW.name}))
    with pytest.raises(UsageError, match=r"the baseline of 'site/net' was base/-/.* and slow/-/"):
        compare_sessions(session(), head, MARGIN)


@pytest.mark.parametrize("side", ["base", "head"])
def test_cell_that_is_invalid_on_a_side_is_invalid(side):
    """With the side and the reason; it has a time on the other side only."""
    failed = session(failures=[Failure(FAST.name, 2, "wrong answer: x")])
    pair = (failed, session()) if side == "base" else (session(), failed)
    change = changes(*pair)["fast"]
    assert (change.verdict, change.estimate, change.low) == (Verdict.INVALID, None, None)
    assert change.detail == f"{side}: {FAST.name}: wrong answer: x"
    assert (change.base_s is None, change.head_s is None) == (side == "base", side == "head")


@pytest.mark.parametrize("twin", [BASELINE, CONTROL])
def test_one_twin_alone_normalises(twin):
    """The other says nothing more of the contestants."""
    found = changes(session(), session(failures=[Failure(twin.name, 2, "crashed")], fast=1.5))
    assert found["fast"].verdict is Verdict.SLOWER


def test_timers_never_get_a_ratio():
    """In no command."""
    facts = make_facts("timers-fire", whole_ms=True)
    one = make_operations_session(make_operations_plan(facts))
    (found, _) = compare_sessions(one, one, MARGIN).changes
    assert (found.verdict, found.obstacle, found.ways) == (
        Verdict.UNCLEAR,
        Obstacle.TIMERS,
        (),
    )


def test_cells_of_one_side_only_are_named():
    """They are no changes."""
    third = other("third")
    base, head = make_plan(FAST, SLOW), make_plan(third, FAST)
    found = compare_sessions(session(plan=base), make_session(head, []), MARGIN)
    assert [change.cell for change in found.changes] == [BASELINE.name, FAST.name]
    assert found.only_base == (SLOW.name,)
    assert found.only_head == (third.name,)
    assert found.by[Quantity.TIME].lost == (SLOW.name,)
    failed = session(plan=base, failures=(Failure(SLOW.name, 2, "crashed"),))
    assert compare_sessions(failed, make_session(head, []), MARGIN).by[Quantity.TIME].lost == ()


def test_one_round_on_a_side_gives_no_interval():
    """Nothing is known of the spread there."""
    found = changes(session(rounds=1), session())
    assert {c.verdict for c in found.values()} == {Verdict.UNCLEAR}
    assert {c.obstacle for c in found.values()} == {Obstacle.FEW_ROUNDS}
    assert found["fast"].base_s == pytest.approx(0.5, rel=0.01)


def starve(made, share, *cells):
    """Return a session in which the workers of these cells waited for their CPU for a share."""
    names = {cell.name for cell in cells}

    def disturb(sample):
        waited_s = share * sample.seconds if sample.cell in names else sample.cpu_wait_s
        return replace(sample, cpu_wait_s=waited_s)

    rounds = [replace(one, samples=tuple(map(disturb, one.samples))) for one in made.rounds]
    return judge(replace(made, rounds=tuple(rounds)))


ALL = (BASELINE, FAST, SLOW, CONTROL)


def test_nuisance_that_hits_all_cells_alike_counts_in_plain_times():
    """It moves no ratio; but whether the head is slower without it, nobody knows."""
    base, head = session(), session(speed=1.2, anchored=False)
    anchors = [record.anchors for record in base.rounds]
    pairs = zip(head.rounds, anchors, strict=True)
    head = replace(head, rounds=tuple(replace(one, anchors=at) for one, at in pairs))
    quiet, disturbed = changes(base, head), changes(base, starve(head, 0.15, *ALL))
    for name in ("base", "fast", "slow"):
        assert way(quiet[name], Way.PLAIN).verdict is Verdict.SLOWER
        assert way(disturbed[name], Way.PLAIN).verdict is Verdict.UNCLEAR
    ends = [way(one["fast"], Way.NORMALISED).interval for one in (quiet, disturbed)]
    assert ends[0].high == pytest.approx(ends[1].high, abs=0.005)


def test_nuisance_of_both_sessions_is_no_change():
    """It is taken off both sides, as in one session."""
    quiet = changes(session(), session(turn=1, fast=1.4))
    busy = [starve(one, 0.15, *ALL) for one in (session(), session(turn=1, fast=1.4))]
    ends = [way(one["fast"], Way.PLAIN).interval for one in (quiet, changes(*busy))]
    assert ends[0].low == pytest.approx(ends[1].low, abs=0.005)


def test_pair_of_two_loops_is_moved_by_its_own_doubts_alone():
    """Both wait as long, and the baseline does not: their ratio is known as well as ever."""
    kin = replace(FAST, event_loop="asyncio")
    seconds = {BASELINE: 1.0, kin: 0.5, FAST: 0.4, CONTROL: 1.0}
    laps = [{cell: [s + n / 1000] * 2 for cell, s in seconds.items()} for n in range(6)]
    made = judge(make_session(make_plan(kin, FAST), laps))
    (quiet,) = compare_sessions(made, made, MARGIN).kin
    (busy,) = compare_sessions(made, starve(made, 0.15, kin, FAST), MARGIN).kin
    assert busy.seen.interval.high == pytest.approx(quiet.seen.interval.high, abs=0.005)


def test_kept_session_in_which_either_loop_waited_for_half_says_nothing_of_their_pair():
    """Neither has a value there, so no spread between sessions can come from it."""
    kin = replace(FAST, event_loop="asyncio")
    seconds = {BASELINE: 1.0, kin: 0.5, FAST: 0.4, CONTROL: 1.0}
    laps = [{cell: [s + n / 1000] * 2 for cell, s in seconds.items()} for n in range(6)]
    made = judge(make_session(make_plan(kin, FAST), laps))
    kept = {cell: [starve(made, 0.9, cell)] * 3 for cell in (kin, FAST)}
    known = compare_sessions(made, made, MARGIN, [made] * 3).spreads[Way.KIN]
    assert known.sessions == 3
    for others in kept.values():
        assert compare_sessions(made, made, MARGIN, others).spreads[Way.KIN].sessions == 0


def test_baseline_that_is_half_waiting_has_no_verdict_and_is_named_by_the_others():
    """Nothing can be said relative to it."""
    found = changes(session(), starve(session(), 0.6, BASELINE, CONTROL))
    assert {one.obstacle for one in found.values()} == {Obstacle.HALF}
    assert (found["base"].detail, found["fast"].detail) == ("", f"head: {BASELINE.name}")
    text = explain_between(Obstacle.HALF, found["fast"].detail)
    assert text == f"half of the time of head: {BASELINE.name} or more was not the client's own"


def test_cell_that_is_half_waiting_takes_no_other_cell_with_it():
    """All pairs are judged: those with the bad cell say nothing of the good one."""
    made = session()
    found = changes(made, starve(made, 0.9, FAST))
    assert found["fast"].obstacle is Obstacle.HALF
    assert found["slow"].obstacle is not Obstacle.HALF
    assert found["slow"].ways


@pytest.mark.parametrize(
    ("refusals", "verdict"),
    [
        ((True, True), Verdict.UNSUPPORTED),
        ((None, True), Verdict.UNSUPPORTED),
        ((True, False), Verdict.INVALID),
        ((None, False), Verdict.INVALID),
    ],
)
def test_what_a_loop_refuses_is_no_failure(refusals, verdict):
    """In both, it is left out of gates; in the head alone, it is lost."""
    sides = [
        session(
            failures=() if refused is None else (Failure(FAST.name, 1, "no", is_refusal=refused),)
        )
        for refused in refusals
    ]
    found = changes(*sides)["fast"]
    assert found.verdict is verdict
    gate = hold_gate([found], MARGIN)
    assert bool(gate.invalid) == (verdict is Verdict.INVALID or refusals[0] is None)


@pytest.mark.parametrize(
    ("is_refusal", "verdict"), [(False, Verdict.UNCLEAR), (True, Verdict.SLOWER)]
)
def test_nobody_gains_by_a_cell_that_fails(is_refusal, verdict):
    """It stays in the family, so that the others are judged as strictly; what is refused does not.

    Relative to the baseline there are two rows, and this change is clear only if there is one.
    """
    failures = (Failure(SLOW.name, 2, "no", is_refusal=is_refusal),)
    found = changes(session(failures=failures), session(failures=failures, fast=1.124))["fast"]
    assert way(found, Way.NORMALISED).verdict is verdict


def test_same_in_normalised_time_is_not_called_relative():
    """Without anchors plain time is never the same; that is no contradiction."""
    pair = session(anchored=False), session(anchored=False, turn=1)
    found = changes(*pair, margin=0.1, others=others())
    assert way(found["fast"], Way.NORMALISED).verdict is Verdict.SAME
    assert (found["fast"].verdict, found["fast"].obstacle) == (Verdict.UNCLEAR, Obstacle.OPEN)
