"""Changes are found where they were planted, and nowhere else."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from crawlbench.base.records import Failure, Obstacle, OwnFile
from crawlbench.stats.history import make_history
from crawlbench.stats.judge import judge
from crawlbench.stats.shifts import MIN_SIDE
from tests.stats.builders import BASELINE, CONTROL, MACHINE, make_plan, make_session, other

pytestmark = pytest.mark.slow

CELL = other("fast")
MARGIN = math.log1p(0.01)


def one_session(day, ratio, rng, *, spread=0.004, machine=MACHINE, **changes):
    """Return a session whose cell takes `ratio` of its baseline's time, on a machine in a mood."""
    mood = rng.uniform(0.8, 1.2)
    rounds = [
        {
            cell: [mood * of * math.exp(rng.gauss(0, spread)) for _ in range(2)]
            for cell, of in ((BASELINE, 1.0), (CELL, ratio), (CONTROL, 1.0))
        }
        for _ in range(6)
    ]
    created = f"2026-01-{day:02}T00:00:00+00:00"
    return judge(make_session(make_plan(CELL), rounds, created=created, machine=machine, **changes))


def history_of(ratios, seed=1, **changes):
    rng = random.Random(seed)
    sessions = {
        f"day-{day:02}": one_session(day, ratio, rng, **changes)
        for day, ratio in enumerate(ratios, 1)
    }
    return make_history(dict(reversed(sessions.items())), MARGIN, 0.95)


def test_planted_change_is_found_where_it_is():
    (line,) = history_of([0.5] * 5 + [0.53] * 5).lines
    (change,) = line.changes
    assert (change.before, change.session) == ("day-05", "day-06")
    assert change.interval.low < math.log(0.53 / 0.5) < change.interval.high
    assert [point.session for point in line.points] == sorted(p.session for p in line.points)


def test_several_changes_are_found():
    (line,) = history_of([0.5] * 4 + [0.6] * 4 + [0.45] * 4).lines
    assert [change.session for change in line.changes] == ["day-05", "day-09"]


def test_nothing_is_found_where_nothing_changed():
    """At 95 % for all places together: of 100 histories about five at the most."""
    found = [history_of([0.5] * 12, seed=seed).lines[0].changes for seed in range(60)]
    assert sum(map(bool, found)) <= 3


def test_one_odd_session_is_no_change():
    (line,) = history_of([0.5] * 5 + [0.7] + [0.5] * 5).lines
    assert line.changes == ()


@pytest.mark.parametrize("count", [1, 2, 2 * MIN_SIDE - 1])
def test_few_sessions_have_no_change(count):
    (line,) = history_of([0.5] * (count - count // 2) + [0.9] * (count // 2)).lines
    assert len(line.points) == count
    assert line.changes == ()


def test_change_names_the_versions_that_changed_with_it():
    rng = random.Random(3)
    newer = replace(MACHINE, versions={**MACHINE.versions, "aiohttp": "4.0.0"})
    sessions = {f"old-{d}": one_session(d, 0.5, rng) for d in (1, 2, 3)}
    sessions |= {f"new-{d}": one_session(d, 0.4, rng, machine=newer) for d in (4, 5, 6)}
    history = make_history(sessions, MARGIN, 0.95)
    assert history.breaks == ()
    (change,) = history.lines[0].changes
    assert change.versions == ("aiohttp 3.14.5 to 4.0.0",)


def test_another_machine_is_a_break_and_no_change():
    rng = random.Random(4)
    newer = replace(MACHINE, python="CPython 3.14.0")
    sessions = {f"a-{d}": one_session(d, 0.5, rng) for d in (1, 2, 3)}
    sessions |= {f"b-{d}": one_session(d, 0.3, rng, machine=newer) for d in (4, 5, 6)}
    history = make_history(sessions, MARGIN, 0.95)
    (found,) = history.breaks
    assert (found.session, found.what) == (
        "b-4",
        ("python: CPython 3.13.0 to CPython 3.14.0",),
    )
    assert history.lines[0].changes == ()
    assert [point.era for point in history.lines[0].points] == [0, 0, 0, 1, 1, 1]


def test_session_without_believable_numbers_is_left_out_with_its_reason():
    rng = random.Random(5)
    sessions = {f"day-{d}": one_session(d, 0.5, rng) for d in (1, 2)}
    single = one_session(3, 0.5, rng)
    sessions["short"] = judge(replace(single, rounds=single.rounds[:1]))
    history = make_history(sessions, MARGIN, 0.95)
    (left_out,) = history.left_out
    assert (left_out.session, left_out.cell) == ("short", CELL.name)
    assert left_out.obstacle is Obstacle.FEW_ROUNDS
    assert len(history.lines[0].points) == 2


def test_newest_session_that_jumps_is_told_at_once():
    """Change points need three sessions after a change; a prediction interval needs one."""
    history = history_of([0.5] * 6 + [0.6])
    (jump,) = history.jumps
    assert (jump.session, jump.cell) == ("day-07", CELL.name)
    assert jump.shift == pytest.approx(math.log(1.2), abs=0.01)
    assert jump.interval.low < jump.shift < jump.interval.high
    assert history_of([0.5] * 7).jumps == ()


@pytest.mark.parametrize("is_planned", [True, False])
def test_nobody_jumps_more_easily_because_another_cell_failed(is_planned):
    """A cell that has failed in the newest session stays in the family; one that is gone does not.

    This jump is found among one cell, and not among two.
    """
    rng, slow = random.Random(1), other("slow")
    sessions = {}
    for day, ratio in enumerate([0.5] * 4 + [0.507], 1):
        is_last = day == 5
        times = {BASELINE: 1.0, CELL: ratio, slow: 2.0, CONTROL: 1.0}
        rounds = [
            {cell: [of * math.exp(rng.gauss(0, 0.004)) for _ in range(2)] for cell, of in found}
            for found in [times.items()] * 6
        ]
        cells = (CELL,) if is_last and not is_planned else (CELL, slow)
        for found in rounds:
            if slow not in cells:
                del found[slow]
        sessions[f"day-{day}"] = judge(
            make_session(
                make_plan(*cells),
                rounds,
                [Failure(slow.name, 1, "crashed")] if is_last and is_planned else [],
                created=f"2026-01-{day:02}T00:00:00+00:00",
            )
        )
    jumps = make_history(sessions, MARGIN, 0.95).jumps
    assert [jump.cell for jump in jumps] == ([] if is_planned else [CELL.name])


def test_known_change_does_not_hide_the_next_one():
    """What to expect of the newest session is seen in the sessions since the last change."""
    history = history_of([0.5] * 6 + [0.6] * 6 + [0.5])
    assert [change.session for change in history.lines[0].changes] == ["day-07"]
    (jump,) = history.jumps
    assert jump.shift == pytest.approx(math.log(0.5 / 0.6), abs=0.01)
    assert history_of([0.5] * 6 + [0.6] * 7).jumps == ()


def test_too_few_sessions_are_said_to_be_too_few():
    """Else "nothing changed" would be said where nothing could be seen."""
    few = history_of([0.5] * 3)
    assert (few.unjudged, few.absent) == ((CELL.name,), ())
    assert history_of([0.5] * 4).unjudged == ()


@pytest.mark.long
def test_correlated_sessions_show_no_change():
    """Of 30 that follow each other by 0.8, half would show one, were they taken as independent."""
    found = 0
    for seed in range(20):
        rng = random.Random(seed)
        log_ratio, logs = rng.gauss(0, 0.01), []
        for _ in range(30):
            logs.append(log_ratio)
            log_ratio = 0.8 * log_ratio + 0.6 * rng.gauss(0, 0.01)
        history = history_of([0.5 * math.exp(one) for one in logs], seed=seed)
        found += bool(history.lines[0].changes)
    assert found <= 2


def test_cell_that_is_not_in_the_newest_session_does_not_jump_there():
    """Its last point is an old one; in the newest session it would have jumped."""
    rng = random.Random(1)
    sessions = {
        f"day-{day:02}": one_session(day, ratio, rng)
        for day, ratio in enumerate([0.5] * 6 + [0.8], 1)
    }
    found = make_history(sessions, MARGIN, 0.95)
    assert [jump.session for jump in found.jumps] == ["day-07"]
    gone = judge(
        make_session(
            make_plan(),
            [{BASELINE: [1.0, 1.01], CONTROL: [1.0, 1.02]}] * 6,
            created="2026-01-08T00:00:00+00:00",
        )
    )
    found = make_history({**sessions, "day-08": gone}, MARGIN, 0.95)
    assert found.jumps == ()
    assert found.unjudged == found.absent == (CELL.name,)


def test_sessions_of_another_site_of_the_newest_ones_name_are_left_out():
    """Content decides; a session of before, which does not tell it, stays."""
    rng = random.Random(1)
    sessions = {}
    for day, content in enumerate(["", "old", "new", "new"], 1):
        one = one_session(day, 0.5, rng)
        files = {"site": OwnFile("/home/site", "site", content)} if content else {}
        sessions[f"day-{day}"] = replace(one, plan=replace(one.plan, files=files))
    found = make_history(sessions, MARGIN, 0.95)
    assert [(one.session, one.obstacle) for one in found.left_out] == [
        ("day-2", Obstacle.OTHER_SITE)
    ]
    assert [point.session for point in found.lines[0].points] == ["day-1", "day-3", "day-4"]


def history_with(first):
    """Return the history of a session and of three usual ones, newer ones."""
    rng = random.Random(1)
    sessions = {"day-1": first}
    sessions |= {f"day-{day}": one_session(day, 0.5, rng) for day in (2, 3, 4)}
    return make_history(sessions, MARGIN, 0.95)


def test_sessions_that_compare_would_refuse_are_left_out():
    """Another baseline, or a network of other numbers under the same name."""
    one = one_session(1, 0.5, random.Random(2))
    for first, cell, obstacle in (
        (
            replace(one, plan=replace(one.plan, baselines={CELL.group: CELL.name})),
            BASELINE,
            Obstacle.OTHER_BASELINE,
        ),
        (replace(one, networks={"net": {"round_trip_s": 0.08}}), CELL, Obstacle.OTHER_NETWORK),
    ):
        found = history_with(first)
        (left,) = found.left_out
        assert (left.session, left.cell, left.obstacle) == ("day-1", cell.name, obstacle)
        assert [point.session for point in found.lines[0].points] == ["day-2", "day-3", "day-4"]


def test_other_cpus_of_the_workers_are_another_machine():
    """They may share a core, or be slower ones."""
    other_cpus = replace(MACHINE, worker_cpus=(0,))
    found = history_with(one_session(1, 0.5, random.Random(2), machine=other_cpus))
    assert found.breaks[0].what == ("worker CPUs: 0 to 0-2",)


def held_up(day, ratio, wait, rng):
    """Return a session whose cell waited for its CPU for a share of its baseline's time."""
    busy = {"cpu_user_s": 0.3, "cpu_system_s": 0.1, "side_cpu_s": 0.0, "cpu_s": 0.4}
    seen = {CELL: {**busy, "cpu_wait_s": wait}}
    return one_session(day, ratio, rng, spread=0.002, seen=seen)


def after_quiet_days(ratio, wait, days):
    """Return the history of six quiet sessions and of as many of another kind."""
    rng = random.Random(3)
    found = [held_up(day, 1.0, 0.0, rng) for day in range(1, 7)]
    found += [held_up(day, ratio, wait, rng) for day in range(7, 7 + days)]
    return make_history({one.created: one for one in found}, MARGIN, 0.95)


@pytest.mark.parametrize("days", [1, 6])
@pytest.mark.parametrize(
    ("ratio", "wait", "is_found"),
    [(1.12, 0.12, False), (1.12, 0.0, True), (1.5, 0.12, True), (0.8, 0.12, True)],
)
def test_what_a_doubt_explains_is_no_change(days, ratio, wait, is_found):
    """As in a session: a waiting cell is not slower, unless by more than it waited."""
    found = after_quiet_days(ratio, wait, days)
    assert bool(found.jumps if days == 1 else found.lines[0].changes) is is_found
    point = found.lines[0].points[-1]
    assert (point.doubt > 0.05) is (wait > 0)
    assert point.interval.low <= point.estimate - point.doubt
