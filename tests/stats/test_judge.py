"""What is concluded from samples, and what is not."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from crawlbench.base.records import Doubt, Failure, Obstacle, Quantity, Stopping, Verdict
from crawlbench.stats.judge import judge
from crawlbench.stats.limit import REFERENCE
from crawlbench.stats.open_groups import is_settled, open_cells
from tests.stats.builders import BASELINE, CONTROL, MACHINE, make_plan, make_session, other

HALF, TWICE = other("half"), other("twice", "uvloop")
WOBBLE = (1.00, 1.01, 0.99, 1.005, 0.995, 1.002)


def rounds(cells, count=6, drift=0.0, spread=0.0):
    """Return rounds in which each cell takes its factor of a baseline that drifts.

    With a spread, each cell has noise of its own.
    """
    draw = random.Random(1)
    made = []
    for number in range(count):
        base = 1.0 + drift * number
        noise = WOBBLE[number % len(WOBBLE)]
        own = {cell: math.exp(draw.gauss(0, spread)) for cell in cells}
        made.append(
            {
                cell: [base * f * noise * own[cell], base * f * own[cell]]
                for cell, f in cells.items()
            }
        )
    return made


def judged(cells, failures=(), plan=None, **options):
    """Judge a session of these cells."""
    plan = plan or make_plan(HALF, TWICE)
    return judge(
        make_session(plan, rounds({BASELINE: 1, CONTROL: 1, **cells}, **options), failures)
    )


def verdicts(session):
    return {c.cell.split("/")[0]: c.verdict for c in session.against_baseline()}


def pair_of(session, cell, other_cell):
    """Return the comparison of two cells."""
    (found,) = [
        c
        for c in session.comparisons
        if (c.cell, c.baseline) == (cell.name, other_cell.name) and c.quantity is Quantity.TIME
    ]
    return found


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


def test_every_pair_is_judged_in_the_same_laps():
    """Not only with the baseline: what lies between two contestants is asked directly."""
    session = judged({HALF: 0.5, TWICE: 2.0})
    found = pair_of(session, TWICE, HALF)
    assert (found.verdict, found.estimate) == (
        Verdict.SLOWER,
        pytest.approx(math.log(4), abs=1e-9),
    )
    assert len(session.comparisons) == 3


def test_invalid_cell_has_a_reason_and_no_number():
    """It is neither summed up nor compared, and others are."""
    failure = Failure(HALF.name, 2, "wrong answer: x")
    session = judged({HALF: 0.5, TWICE: 2.0}, [failure])
    assert verdicts(session) == {"half": Verdict.INVALID, "twice": Verdict.SLOWER}
    found = session.against_baseline()[0]
    assert (found.estimate, found.obstacle, found.detail) == (
        None,
        Obstacle.FAILED,
        "wrong answer: x",
    )
    assert HALF.name not in {summary.cell for summary in session.summaries}


@pytest.mark.parametrize("broken", [HALF, TWICE])
def test_pair_of_contestants_is_invalid_whichever_of_the_two_is(broken):
    """Which of them stands first in the plan says nothing about them."""
    session = judged({HALF: 0.5, TWICE: 2.0}, [Failure(broken.name, 2, "crashed")])
    assert pair_of(session, TWICE, HALF).verdict is Verdict.INVALID


@pytest.mark.parametrize("twin", [BASELINE, CONTROL])
def test_one_twin_alone_is_a_baseline(twin):
    """The control vetoes nothing: where one of the twins fails, the other is compared with."""
    session = judged({HALF: 0.5, TWICE: 2.0}, [Failure(twin.name, 1, "crashed")])
    assert verdicts(session) == {"half": Verdict.FASTER, "twice": Verdict.SLOWER}


def test_without_both_twins_the_contestants_are_still_told_from_each_other():
    """What has no baseline is unclear against it, with the reason."""
    failures = [Failure(cell.name, 1, "crashed") for cell in (BASELINE, CONTROL)]
    session = judged({HALF: 0.5, TWICE: 2.0}, failures)
    assert {c.verdict for c in session.against_baseline()} == {Verdict.UNCLEAR}
    assert {c.detail for c in session.against_baseline()} == {f"{BASELINE.name}: crashed"}
    assert pair_of(session, TWICE, HALF).verdict is Verdict.SLOWER


def test_one_round_gives_no_interval():
    """A single round says nothing on the spread between rounds."""
    session = judged({HALF: 0.5, TWICE: 2.0}, count=1)
    assert {c.obstacle for c in session.comparisons} == {Obstacle.FEW_ROUNDS}
    assert {c.rounds for c in session.comparisons} == {1}
    assert session.controls[0].estimate is None
    assert "only 1 round;" in session.warnings[0].text


def test_few_rounds_are_a_warning():
    """Fewer than five rounds are said to be few; five are not."""
    few, enough = (judged({HALF: 0.5, TWICE: 2.0}, count=c) for c in (4, 5))
    assert [w.topic for w in few.warnings] == ["rounds"]
    assert not enough.warnings


def test_twins_that_differ_widen_every_interval_by_what_they_differ():
    """And nothing else: no margin moves, and a difference that is large enough is told."""
    quiet, odd = judged({HALF: 0.5, TWICE: 2.0}), judged({HALF: 0.5, TWICE: 2.0, CONTROL: 1.1})
    assert quiet.controls[0].widening == 0.0
    assert odd.controls[0].widening == pytest.approx(math.log(1.1), abs=0.01)
    one, two = (pair_of(session, TWICE, HALF) for session in (quiet, odd))
    grown = (two.high - two.low) - (one.high - one.low)
    assert grown == pytest.approx(2 * odd.controls[0].widening, abs=1e-6)
    assert verdicts(odd) == {"half": Verdict.FASTER, "twice": Verdict.SLOWER}


def test_what_the_twins_differ_by_may_forbid_a_verdict():
    """A difference that is no larger than theirs is none."""
    session = judged({HALF: 1.06, TWICE: 2.0, CONTROL: 1.1})
    assert verdicts(session)["half"] is Verdict.UNCLEAR


@pytest.mark.parametrize("missed", [(2,), (5,), (0, 3)])
def test_pair_that_lost_a_round_is_widened_like_the_others(missed):
    """A single look sees all rounds of the twins, also those in which a pair had no value."""
    plan = make_plan(HALF, TWICE)
    made = rounds({BASELINE: 1, CONTROL: 1.1, HALF: 1.06, TWICE: 2.0})
    whole = judge(make_session(plan, made))
    for number in missed:
        del made[number][HALF]
    session = judge(make_session(plan, made))
    found = pair_of(session, HALF, BASELINE)
    assert (found.rounds, found.verdict) == (6 - len(missed), Verdict.UNCLEAR)
    assert found.high - found.low >= 2 * session.controls[0].widening
    assert session.controls == whole.controls


def test_noise_never_makes_two_cells_the_same():
    """Only an interval within the user's margin does; a wide one is unclear."""
    shaky = [
        {BASELINE: [1.0], CONTROL: [1.0 + shift], HALF: [1.0 - shift / 2], TWICE: [2.0]}
        for shift in (0.2, -0.2, 0.15, -0.1, 0.1, 0.0)
    ]
    session = judge(make_session(make_plan(HALF, TWICE), shaky))
    assert verdicts(session)["half"] is Verdict.UNCLEAR
    even = judged({HALF: 1.0, TWICE: 2.0}, plan=make_plan(HALF, TWICE, margin=0.02))
    assert verdicts(even)["half"] is Verdict.SAME


def test_raw_reference_is_summed_up_and_never_compared():
    """It is no client that anybody could choose, and would cost the others certainty."""
    raw = other(REFERENCE)
    session = judged({HALF: 0.5, raw: 0.1}, plan=make_plan(HALF, raw))
    assert [c.cell for c in session.comparisons] == [HALF.name]
    assert raw.name in {summary.cell for summary in session.summaries}
    assert all(summary.of_limit for summary in session.summaries)


def judged_with(seen, ceiling=None, half=0.5, **changes):
    """Judge a session whose mirror and workers showed this, by cell."""
    cells = {BASELINE: 1, CONTROL: 1, HALF: half, TWICE: 2.0}
    ceilings = {"site/net": ceiling} if ceiling else {}
    plan = make_plan(HALF, TWICE, **changes)
    return judge(make_session(plan, rounds(cells), seen=seen, ceilings=ceilings))


@pytest.mark.parametrize("cell", [HALF, BASELINE])
def test_doubt_that_cannot_turn_a_verdict_lets_it_stand_with_its_size(cell):
    """The mirror waited a fifth of its own time: 10 ms of a crawl of half a second or more."""
    session = judged_with({cell: {"mirror_cpu_s": 0.08, "mirror_wait_s": 0.02}})
    assert verdicts(session) == {"half": Verdict.FASTER, "twice": Verdict.SLOWER}
    (size,) = session.against_baseline()[0].doubts
    assert size.doubt is Doubt.SERVER_WAIT
    shares = (size.cell_share, size.baseline_share)
    assert max(shares) == pytest.approx(0.02 if cell is HALF else 0.005, rel=0.05)
    (mark,) = [s.mark for s in session.summaries if s.cell == cell.name]
    assert mark == "mirror disturbed"


def test_doubt_that_could_turn_a_verdict_forbids_it():
    """3 % slower, but for 4 % of its time something else had the mirror's CPU."""
    session = judged_with({HALF: {"mirror_wait_s": 0.08}}, half=1.03)
    found = session.against_baseline()[0]
    assert (found.verdict, found.obstacle, found.detail) == (
        Verdict.UNCLEAR,
        Obstacle.DOUBT,
        Doubt.SERVER_WAIT,
    )
    assert found.low < 0 < found.estimate < found.high
    assert verdicts(judged_with({}, half=1.03))["half"] is Verdict.SLOWER


def test_doubts_are_taken_off_one_by_one_and_all_together():
    """Two that each leave 3 % something, but not both at once."""
    seen = {HALF: {"mirror_wait_s": 0.034, "cpu_wait_s": 0.017}}
    assert verdicts(judged_with(seen, half=1.04))["half"] is Verdict.UNCLEAR
    for one in ({"mirror_wait_s": 0.034}, {"cpu_wait_s": 0.017}):
        assert verdicts(judged_with({HALF: one}, half=1.04))["half"] is Verdict.SLOWER


def test_two_doubts_of_three_are_taken_off_without_the_third():
    """The mirror's load moves the ratio up, so that all together leave what two of them do not."""
    idle = {"cpu_user_s": 0.1, "cpu_system_s": 0.0}
    waits = {**idle, "mirror_wait_s": 0.034, "cpu_wait_s": 0.017}
    seen = {BASELINE: idle, CONTROL: idle, TWICE: idle, HALF: waits}
    found = judged_with(seen, half=1.043, ceiling=22.0).against_baseline()[0]
    assert [math.copysign(1, size.shift) for size in found.doubts] == [-1, 1, -1]
    assert (found.verdict, found.obstacle) == (Verdict.UNCLEAR, Obstacle.DOUBT)
    assert found.detail in (Doubt.SERVER_WAIT, Doubt.STARVATION)  # the load speaks for "slower"
    one_less = {**seen, HALF: {**waits, "cpu_wait_s": 0.0}}
    assert verdicts(judged_with(one_less, half=1.043, ceiling=22.0))["half"] is Verdict.SLOWER


def test_doubt_of_half_the_time_forbids_every_verdict_of_the_cell():
    """What is left is not known well enough."""
    session = judged_with({HALF: {"cpu_wait_s": 0.26, "cpu_user_s": 0.1, "cpu_system_s": 0.0}})
    found = session.against_baseline()[0]
    assert (found.verdict, found.obstacle, found.detail) == (
        Verdict.UNCLEAR,
        Obstacle.HALF,
        Doubt.STARVATION,
    )
    assert found.estimate is not None
    assert verdicts(session)["twice"] is Verdict.SLOWER


def test_load_of_the_mirror_is_a_doubt_from_a_quarter_of_the_time_on():
    """20 requests in a value of two crawls, of what the ceiling allows."""
    usual, heavy = judged_with({}, ceiling=100.0), judged_with({}, ceiling=50.0)
    assert not any(size.doubt is Doubt.SERVER_LOAD for c in usual.comparisons for size in c.doubts)
    found = heavy.against_baseline()[0]
    assert [size.doubt for size in found.doubts] == [Doubt.SERVER_LOAD]
    assert found.verdict is Verdict.FASTER
    assert found.low < math.log(0.5 - 0.2) - math.log(1 - 0.2) + 0.01


@pytest.mark.parametrize(
    ("seen", "verdict", "obstacle"),
    [
        ({"cpu_s": 0.245, "mirror_cpu_s": 0.4}, Verdict.FASTER, None),
        ({"cpu_s": 0.1, "mirror_cpu_s": 0.4}, Verdict.UNCLEAR, Obstacle.HALF),
        ({"cpu_s": 0.245, "mirror_wait_s": 0.4}, Verdict.FASTER, None),
        ({"cpu_s": 0.1, "mirror_wait_s": 0.4}, Verdict.UNCLEAR, Obstacle.HALF),
    ],
)
def test_client_that_computes_all_the_time_was_not_held_up_by_a_busy_mirror(
    seen, verdict, obstacle
):
    """A quarter of a second a crawl, two in a value: 98 % of it, or 40, on its only CPU."""
    cells = {BASELINE: 1.0, CONTROL: 1.0, HALF: 0.25, TWICE: 2.0}
    machine = replace(MACHINE, worker_cpus=(0,))
    plan = make_plan(HALF, TWICE)
    session = make_session(plan, rounds(cells), seen={HALF: seen}, machine=machine)
    found = judge(session).against_baseline()[0]
    assert (found.verdict, found.obstacle) == (verdict, obstacle)


def test_own_threads_that_wait_for_each_other_are_no_doubt():
    """A worker that used its CPUs up was kept from them by nobody."""
    busy = {
        "cpu_wait_s": 0.3,
        "cpu_user_s": 1.5,
        "cpu_system_s": 0.1,
    }  # of 3 CPUs for half a second
    assert verdicts(judged_with({HALF: busy}))["half"] is Verdict.FASTER
    assert judged_with({HALF: busy}).against_baseline()[0].doubts == ()


def test_cpu_time_is_a_verdict_of_its_own():
    """Where exact clocks were read; in format 1 they were not."""
    exact = {BASELINE: {"cpu_s": 0.7}, CONTROL: {"cpu_s": 0.7}, HALF: {"cpu_s": 0.9}}
    session = judged_with({**exact, TWICE: {"cpu_s": 0.35}})
    by_cpu = {c.cell: c.verdict for c in session.against_baseline(Quantity.CPU)}
    assert by_cpu == {HALF.name: Verdict.SLOWER, TWICE.name: Verdict.FASTER}
    assert verdicts(session) == {"half": Verdict.FASTER, "twice": Verdict.SLOWER}
    assert judged_with({}).against_baseline(Quantity.CPU) == ()


def test_contention_is_a_doubt_of_cpu_time():
    """CPU time that is 2 % more while others had the CPU for a third of what was wanted."""
    exact = {cell: {"cpu_s": 0.3} for cell in (BASELINE, CONTROL, TWICE)}
    jammed = {"cpu_s": 0.306, "cpu_wait_s": 0.15}
    found = judged_with({**exact, HALF: jammed}).against_baseline(Quantity.CPU)[0]
    assert (found.verdict, found.detail) == (Verdict.UNCLEAR, Doubt.CONTENTION)
    more = judged_with({**exact, HALF: {**jammed, "cpu_s": 0.6}})
    assert more.against_baseline(Quantity.CPU)[0].verdict is Verdict.SLOWER


def test_same_needs_typical_and_mean_times():
    """Of sixteen laps one is twice as long: typical times are the same, means are not."""
    made = []
    for number in range(10):
        wobble = WOBBLE[number % len(WOBBLE)] / 1000
        even = [1.0 + wobble] * 16
        made.append({BASELINE: even, CONTROL: even, HALF: [2.0, *even[1:]], TWICE: even})
    session = judge(make_session(make_plan(HALF, TWICE), made))
    assert verdicts(session) == {"half": Verdict.UNCLEAR, "twice": Verdict.SAME}
    found = session.against_baseline()[0]
    assert found.obstacle is Obstacle.SLOW_LAPS
    assert found.excess == pytest.approx(math.log(17 / 16), abs=1e-3)


ANY = {"stopping": Stopping.ANY}


def test_looking_after_every_round_costs_width_and_keeps_what_was_answered():
    """The sequence is wider than Student's t; a pair that left the laps keeps its verdict."""
    plan = make_plan(HALF, TWICE, **ANY)
    shaky = {"spread": 0.003, "count": 8}
    once = judged({HALF: 0.5, TWICE: 2.0}, **shaky)
    often = judged({HALF: 0.5, TWICE: 2.0}, plan=plan, **shaky)
    for one, two in zip(once.comparisons, often.comparisons, strict=True):
        assert two.high - two.low > one.high - one.low
    left = [
        {**made, HALF: []} if n >= 6 else made
        for n, made in enumerate(
            rounds({BASELINE: 1, CONTROL: 1, HALF: 0.5, TWICE: 1.012}, count=9, spread=0.003)
        )
    ]
    session = judge(make_session(plan, left))
    assert pair_of(session, HALF, BASELINE).verdict is Verdict.FASTER
    assert pair_of(session, HALF, BASELINE).rounds == 6


def test_answered_pairs_leave_and_the_twins_go_last():
    """What is open takes laps with the twins; when all is answered the session is settled."""
    near = {HALF: 0.5, TWICE: 1.012}
    plan = make_plan(HALF, TWICE, **ANY)
    session = judged(near, plan=plan, count=8, spread=0.003)
    assert open_cells(session) == {TWICE.name, BASELINE.name, CONTROL.name}
    assert not is_settled(session)
    clear = judged({HALF: 0.5, TWICE: 2.0}, plan=plan, count=8, spread=0.003)
    assert open_cells(clear) == set()
    assert is_settled(clear)
    assert not is_settled(make_session(plan, []))


def test_precision_keeps_a_pair_open_until_its_interval_is_that_narrow():
    plan = make_plan(HALF, TWICE, precision=1e-9, **ANY)
    assert not is_settled(judged({HALF: 0.5, TWICE: 2.0}, plan=plan, count=8, spread=0.003))
    wide = make_plan(HALF, TWICE, precision=0.2, **ANY)
    assert is_settled(judged({HALF: 0.5, TWICE: 2.0}, plan=wide, count=8, spread=0.003))


def test_no_session_ends_before_its_third_round():
    """However far the cells are apart: two rounds are a first look."""
    plan = make_plan(HALF, TWICE, precision=1e9, **ANY)
    two, three = (judged({HALF: 0.5, TWICE: 2.0}, plan=plan, count=count) for count in (2, 3))
    assert open_cells(two) == {cell.name for cell in plan.cells}
    assert not is_settled(two)
    assert is_settled(three)


def test_gate_keeps_a_pair_open_while_its_interval_reaches_across():
    """Twice as slow is slower; whether by more than 100 % may be open still."""
    plan = make_plan(HALF, TWICE, gate=math.log(2), **ANY)
    session = judged({HALF: 0.5, TWICE: 2.0}, plan=plan, count=8, spread=0.003)
    assert TWICE.name in open_cells(session)


def test_what_would_settle_an_open_pair_is_foretold():
    """And from which difference on one would have been found."""
    session = judged({HALF: 1.013, TWICE: 2.0}, count=4, spread=0.003)
    found = session.against_baseline()[0]
    assert found.obstacle is Obstacle.OPEN
    assert found.more_rounds > 0
    assert found.detectable > session.plan.margin


def test_group_of_many_cells_is_compared_with_its_baseline_and_its_kin():
    """Thousands of pairs would answer none."""
    many = [other(f"s{n}", loop) for n in range(40) for loop in ("asyncio", "uvloop")]
    cells = dict.fromkeys((BASELINE, CONTROL, *many), 1.0)
    session = judge(make_session(make_plan(*many), rounds(cells, count=2)))
    assert len(session.against_baseline()) == 80
    assert len(session.comparisons) == 80 + 40


def test_session_in_which_nothing_is_compared_is_measured_for_as_long_as_was_asked_for():
    """No pair is open, yet none was answered."""
    plan = make_plan(stopping=Stopping.ANY)
    alone = judge(make_session(plan, [{BASELINE: [1.0, 1.1], CONTROL: [1.0, 1.1]}] * 3))
    assert alone.comparisons == ()
    assert open_cells(alone) == {BASELINE.name, CONTROL.name}
    assert not is_settled(alone)


@pytest.mark.parametrize("rounds", [2, 3, 4])
def test_ends_of_intervals_are_numbers_after_each_round(rounds):
    """JSON has no infinity; the sequence knows nothing yet after two rounds or three."""
    laps = [
        {BASELINE: [1.0, 1.01], HALF: [0.5, 0.51 + n / 100], CONTROL: [1.0, 1.02]}
        for n in range(rounds)
    ]
    session = judge(make_session(make_plan(HALF, stopping=Stopping.ANY), laps))
    ends = [end for one in session.comparisons for end in (one.low, one.high)]
    ends += [end for one in session.controls for end in (one.low, one.high)]
    assert ends
    assert all(math.isfinite(end) for end in ends)


def test_cpu_time_is_asked_only_where_each_value_has_it():
    """One that lacks it is told of by no verdict, and is no error."""
    laps = [{BASELINE: [1.0, 1.01], HALF: [0.5, 0.51], CONTROL: [1.0, 1.02]}] * 5
    whole = {cell: {"cpu_s": 0.4} for cell in (BASELINE, HALF, CONTROL)}
    for seen, quantities in (
        (whole, {Quantity.TIME, Quantity.CPU}),
        ({**whole, CONTROL: {}}, {Quantity.TIME}),
        ({**whole, BASELINE: {}}, {Quantity.TIME}),
    ):
        session = judge(make_session(make_plan(HALF), laps, seen=seen))
        assert {one.quantity for one in session.comparisons} == quantities


def test_gate_of_cpu_time_keeps_the_session_going_by_cpu_time():
    """Time is answered; whether CPU time passes is not, until it does."""
    cells = {BASELINE: 1.0, HALF: 1.0, CONTROL: 1.0}
    draw = random.Random(3)
    made = make_session(make_plan(HALF), rounds(cells, count=8, spread=0.001))
    samples = {
        record.number: tuple(
            replace(sample, cpu_s=sample.seconds * math.exp(draw.gauss(0, 0.1)))
            for sample in record.samples
        )
        for record in made.rounds
    }
    noisy = tuple(replace(record, samples=samples[record.number]) for record in made.rounds)

    def left(gate, quantity):
        plan = make_plan(
            HALF, margin=0.05, gate=gate, gate_quantity=quantity, stopping=Stopping.ANY
        )
        return open_cells(judge(replace(made, plan=plan, rounds=noisy)))

    assert left(0.05, Quantity.TIME) == set()
    assert HALF.name in left(0.05, Quantity.CPU)
    assert left(1.0, Quantity.TIME) == set()


@pytest.mark.parametrize("stopping", list(Stopping))
@pytest.mark.parametrize("spread", [0.0, 2.0])
def test_two_rounds_are_judged_at_any_confidence(stopping, spread):
    """Whether they agree or not: all numbers of the session are numbers, or there are none."""
    plan = make_plan(HALF, TWICE, stopping=stopping, confidence=0.9999)
    made = judged({HALF: 0.5, TWICE: 2}, plan=plan, count=2, spread=spread)
    for found in made.comparisons:
        assert found.low <= found.estimate <= found.high
        assert found.detectable is None or math.isfinite(found.detectable)
    assert all(math.isfinite(one.seconds_error) for one in made.summaries)
