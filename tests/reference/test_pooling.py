"""What sessions say together holds from session to session, and ranks only what pairs tell."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from crawlbench.base.records import Doubt, DoubtSize, Failure, Obstacle, Quantity, Verdict
from crawlbench.reference import pairs
from crawlbench.reference.pooling import MARGIN, PooledRatio, PooledStanding, SessionPool
from crawlbench.stats import claims
from crawlbench.stats.claims import holm_levels
from crawlbench.stats.doubts import bound_shifts
from crawlbench.stats.judge import judge
from tests.reference.builders import ALIKE, BASE, FAST, GROUP, RATIOS, SLOW, measured, way
from tests.stats.builders import BASELINE, other
from tests.stats.lengths import long, make_two_lengths

QUICK = other("quick", "uvloop")


def pool(*sessions):
    """Return the pool of the made sessions' one group."""
    return SessionPool(sessions, GROUP)


@pytest.fixture(scope="module")
def three():
    """Return the pool of three sessions in which one is fast and two are alike."""
    return pool(*(measured(seed) for seed in (1, 2, 3)))


def test_verdicts_against_the_baseline(three):
    """By time and by CPU time, with an interval that holds the truth."""
    for quantity in (Quantity.TIME, Quantity.CPU):
        found = three.ratios(quantity)
        assert found[FAST.name].verdict is Verdict.FASTER
        assert found[SLOW.name].verdict is Verdict.SLOWER
        assert found[FAST.name].interval.low < -0.693 < found[FAST.name].interval.high
        assert found[FAST.name].sessions == 3
        assert BASE.name not in found


@pytest.mark.parametrize(
    ("warmup", "cpu_s", "is_told"),
    [(False, 0.0, True), (True, None, True), (False, None, False)],
    ids=["coarse clock", "warmup without", "value without"],
)
def test_cpu_time_is_told_where_each_session_tells_it(warmup, cpu_s, is_told):
    """A clock that shows no time for a value is a clock, too."""

    def spoil(session):
        first, *rest = session.rounds
        place = next(n for n, one in enumerate(first.samples) if one.warmup is warmup)
        samples = list(first.samples)
        samples[place] = replace(samples[place], cpu_s=cpu_s)
        return judge(replace(session, rounds=(replace(first, samples=tuple(samples)), *rest)))

    sessions = [spoil(measured(seed)) for seed in (1, 2, 3)]
    assert all(bool(one.against_baseline(Quantity.CPU)) is is_told for one in sessions)
    found = pool(*sessions).ratios(Quantity.CPU)[FAST.name]
    assert (found.estimate is not None) is is_told


def test_interval_is_wider_than_that_of_any_session(three):
    """Of quiet rounds alone it would be far narrower: what sessions differ by is in it."""
    found = three.ratios(Quantity.TIME)[FAST.name]
    assert found.interval.high - found.interval.low > 0.03


def test_sessions_that_differ_widen_all_intervals():
    """One cell's scatter is pooled over the scenario."""
    apart = pool(*(measured(seed, shift=shift) for seed, shift in ((1, -0.1), (2, 0), (3, 0.1))))
    quiet = pool(*(measured(seed) for seed in (1, 2, 3)))
    found = [one.ratios(Quantity.TIME)[SLOW.name].interval for one in (apart, quiet)]
    widths = [one.high - one.low for one in found]
    assert widths[0] > 1.5 * widths[1]


def test_ranks_say_what_pairs_tell(three):
    """The two that are alike share a rank and say so."""
    found = three.standings
    assert found[FAST.name] == PooledStanding(1, 0)
    assert found[BASE.name] == PooledStanding(2, 0)
    assert found[SLOW.name] == PooledStanding(3, 1)
    assert found[ALIKE.name] == PooledStanding(3, 1)
    assert three.share_told() == (5, 6)


def test_fewer_than_three_sessions_are_preliminary():
    """They have a figure, but neither verdict nor rank."""
    found = pool(measured(1), measured(2))
    ratio = found.ratios(Quantity.TIME)[FAST.name]
    assert ratio.verdict is Verdict.UNCLEAR
    assert ratio.reason == "preliminary: 2 of 3 sessions"
    assert ratio.estimate == pytest.approx(-0.693, abs=0.02)
    assert found.standings == {}


def test_who_fails_in_one_session_is_invalid():
    """And ranked nowhere, with the reason."""
    failed = measured(3, failures=[Failure(FAST.name, 2, "wrong answer")])
    found = pool(measured(1), measured(2), failed)
    ratio = found.ratios(Quantity.TIME)[FAST.name]
    assert (ratio.verdict, ratio.reason) == (Verdict.INVALID, "wrong answer")
    assert (ratio.estimate, ratio.interval) == (None, None)  # not even of the sessions it worked in
    assert FAST.name not in found.standings
    assert found.standings[BASE.name].rank == 1


def test_loop_that_refuses_an_operation_is_not_called_wrong():
    failed = measured(3, failures=[Failure(FAST.name, 0, "no pipes", is_refusal=True)])
    found = pool(measured(1), measured(2), failed).ratios(Quantity.TIME)[FAST.name]
    assert (found.verdict, found.estimate, found.reason) == (Verdict.UNSUPPORTED, None, "no pipes")


def test_nobody_gains_by_the_failure_of_another(three):
    """A family is as large as it was when the session began, or failing would help the others."""
    failures = [Failure(SLOW.name, 2, "wrong answer"), Failure(ALIKE.name, 2, "wrong answer")]
    near = {**RATIOS, FAST: 0.925}
    whole = pool(*(measured(seed, near) for seed in (1, 2, 3)))
    fewer = pool(*(measured(seed, near, failures=failures) for seed in (1, 2, 3)))
    sizes = []

    def levels(p_values, count, alpha):
        sizes.append(count)
        return holm_levels(p_values, count, alpha)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(claims, "holm_levels", levels)
        patch.setattr(pairs, "holm_levels", levels)
        for one in (whole, fewer):
            one.ratios(Quantity.TIME)
            _ = one.pairs
    assert sizes == [3, 6, 3, 6]


def test_client_that_fails_on_the_long_form_has_no_cost_per_page():
    """Its crawls of the short form stand; in which session it failed does not matter."""
    costs = {BASELINE: (0.010, 0.0010), QUICK: (0.010, 0.0005)}
    failed = [Failure(long(QUICK).name, 4, "wrong answer")]
    sessions = [judge(make_two_lengths(costs, spread=n / 1000)) for n in (1, 2)]
    sessions.append(judge(replace(make_two_lengths(costs, spread=0.003), failures=tuple(failed))))
    found = SessionPool(sessions, BASELINE.group)
    page, crawl = (found.ratios(q)[QUICK.name] for q in (Quantity.PAGE, Quantity.TIME))
    assert (page.verdict, page.estimate) == (Verdict.INVALID, None)
    assert page.reason == "its long form: wrong answer"
    assert crawl.verdict is Verdict.FASTER


def test_cell_that_is_half_something_else_is_ranked_nowhere(three):
    """It stands against nobody, as in its session: the numbers are there, but no sign."""
    sessions = [measured(seed) for seed in (1, 2, 3)]
    sessions[1] = replace(
        sessions[1],
        comparisons=tuple(
            replace(one, obstacle=Obstacle.HALF, verdict=Verdict.UNCLEAR)
            if one.cell == FAST.name
            else one
            for one in sessions[1].comparisons
        ),
    )
    found = pool(*sessions)
    assert found.ratios(Quantity.TIME)[FAST.name].verdict is Verdict.UNCLEAR
    assert FAST.name not in found.standings
    assert {pair.sign for names, pair in found.pairs.items() if FAST.name in names} == {0}
    assert found.standings[BASE.name] == PooledStanding(1, 0)
    assert three.standings[BASE.name] == PooledStanding(2, 0)


@pytest.mark.parametrize(
    ("shifts", "bound"),
    [((), 0.0), ((0.03,), 0.03), ((-0.03,), 0.03), ((0.03, 0.02), 0.05), ((0.03, -0.02), 0.03)],
)
def test_doubts_may_be_true_together(shifts, bound):
    assert bound_shifts(shifts) == pytest.approx(bound)


def test_doubts_of_two_cells_in_opposite_directions_add_up():
    """And one that moves both alike moves nothing between them."""

    def doubtful(session):
        moves = {FAST.name: 0.03, SLOW.name: -0.03, ALIKE.name: -0.03}
        return replace(
            session,
            comparisons=tuple(
                replace(one, doubts=(DoubtSize(Doubt.SERVER_WAIT, 0.1, 0.1, moves[one.cell]),))
                if one.baseline == BASE.name
                else one
                for one in session.comparisons
            ),
        )

    plain = [measured(seed) for seed in (1, 2, 3)]
    widths = []
    for sessions in (plain, [*map(doubtful, plain)]):
        found = pool(*sessions).pairs
        apart, alike = found[FAST.name, SLOW.name], found[SLOW.name, ALIKE.name]
        widths.append([one.interval.high - one.interval.low for one in (apart, alike)])
    (apart, alike), (wide, same) = widths
    assert wide - apart == pytest.approx(2 * 0.06)
    assert same == pytest.approx(alike)


def test_two_numbers_of_requests_at_a_time_are_no_kin():
    """What varies little between sessions is the ratio of two loops, and of nothing else."""
    two = replace(FAST, concurrency=100)
    loop = replace(FAST, event_loop="uvloop")
    ratios = {BASE: 1, replace(BASE, control=True): 1, FAST: 0.5, two: 0.5, loop: 0.5}
    found = pool(*(measured(seed, ratios, noise=0.001) for seed in (1, 2, 3))).pairs
    widths = {names: one.interval.high - one.interval.low for names, one in found.items()}
    assert widths[FAST.name, two.name] > 2 * widths[FAST.name, loop.name]


def test_reference_is_no_contestant():
    """The raw socket is shown, and stands against nobody."""
    limit = way("limit-socket", None)
    sessions = [
        measured(seed, {BASE: 1, replace(BASE, control=True): 1, limit: 0.1, FAST: 0.5})
        for seed in (1, 2, 3)
    ]
    found = pool(*sessions)
    assert limit.name in found.cells
    assert limit.name not in found.ratios(Quantity.TIME)
    assert found.standings[FAST.name] == PooledStanding(1, 0)


def test_less_than_the_margin_is_not_told():
    """A true 3 % is a difference to nobody here, however quiet it is."""
    near = {BASE: 1, replace(BASE, control=True): 1, FAST: 1.03}
    found = pool(*(measured(seed, near, noise=0.002) for seed in (1, 2, 3)))
    assert found.ratios(Quantity.TIME)[FAST.name].verdict not in (Verdict.FASTER, Verdict.SLOWER)
    assert found.standings[FAST.name] == PooledStanding(1, 1)
    assert math.expm1(MARGIN) == pytest.approx(0.05)


def test_preliminary_is_no_other_doubt():
    """Sessions are missing, and nothing else: what failed, or was measured thrice, is not that."""
    found = {
        name: PooledRatio(0.1, None, verdict, count).is_preliminary
        for name, verdict, count in (
            ("two", Verdict.UNCLEAR, 2),
            ("three", Verdict.UNCLEAR, 3),
            ("none", Verdict.UNCLEAR, 0),
            ("invalid", Verdict.INVALID, 1),
        )
    }
    assert found == {"two": True, "three": False, "none": False, "invalid": False}


def with_slow_laps(session, cell, every=10):
    """Return a session in which one value of so many of a cell took ten times as long."""
    records = []
    for number, record in enumerate(session.rounds):
        place = number % every
        named = [one for one in record.samples if one.cell == cell.name and not one.warmup]
        slow = {id(named[place])}
        samples = tuple(
            replace(one, seconds=10 * one.seconds) if id(one) in slow else one
            for one in record.samples
        )
        records.append(replace(record, samples=samples))
    return judge(replace(session, rounds=tuple(records)))


def test_same_counts_rare_slow_laps_in_full():
    """Typical times agree over sessions, means do not; without slow laps both do."""
    even = {"ratios": {**RATIOS, SLOW: 1.0}, "noise": 0.002, "laps": 10}
    sessions = [measured(seed, **even) for seed in (1, 2, 3)]
    assert pool(*sessions).ratios(Quantity.TIME)[SLOW.name].verdict is Verdict.SAME
    found = pool(*(with_slow_laps(one, SLOW) for one in sessions)).ratios(Quantity.TIME)
    assert found[SLOW.name].verdict is Verdict.UNCLEAR
    assert "rare slow laps" in found[SLOW.name].reason
    assert found[FAST.name].verdict is Verdict.FASTER
    assert abs(found[SLOW.name].estimate) < 0.01
