"""What is shown while a session runs: bars, the time that is left, what was marked."""

from __future__ import annotations

import io
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table
from tests.stats.builders import BASELINE
from tests.stats.lengths import make_two_lengths

from crawlbench.base.records import Cell, Ending, Failure, Obstacle, Stopping, Verdict
from crawlbench.cli import progress
from crawlbench.cli.consoles import result_console, status_console
from crawlbench.cli.progress import open_watcher
from crawlbench.measure.store import load_session
from crawlbench.report.numbers import format_seconds
from crawlbench.report.terminal import STYLES
from crawlbench.report.theme import VERDICTS
from crawlbench.stats.judge import judge

SLOW = Cell("site", "net", "slow", None, "lxml", 10)
SESSION = load_session(Path(__file__).parents[2] / "results" / "reference")


def shown(session, *, is_terminal):
    """Return what stands on a console of 80 columns while a session runs."""
    file = io.StringIO()
    console = Console(file=file, width=80, height=60, force_terminal=is_terminal, no_color=True)
    with open_watcher(console) as watcher:
        watcher.on_start(session)
        for sample in session.rounds[0].samples[:3] if session.rounds else ():
            watcher.on_sample(1, sample)
        watcher.on_session(session)
    return file.getvalue()


def test_terminal_shows_bars_and_the_time_that_is_left():
    running = replace(SESSION, rounds=SESSION.rounds[:3], ending=Ending.NONE)
    text = shown(running, is_terminal=True)
    assert "round 4 of 10, at most" in text
    assert "left" in text
    assert "●" in text
    assert "aiohttp-gather on uvloop" in text
    assert "server-bound" not in text


@pytest.mark.parametrize("rounds", [0, 1, 2, 3])
@pytest.mark.parametrize("is_broken", [False, True])
def test_every_state_on_the_way_is_drawn(rounds, is_broken):
    """From the calibration on, by two lengths, also with a cell that broke before any round."""
    session = make_two_lengths({BASELINE: (0.01, 0.001), SLOW: (0.02, 0.001)}, count=4)
    failures = (Failure(SLOW.name, 0, "wrong answer"),) if is_broken else ()
    begun = replace(session, passes={BASELINE.group: 2}, failures=failures)
    running = replace(begun, rounds=session.rounds[:rounds])
    text = shown(judge(running), is_terminal=True)
    assert ("first look" in text) is (rounds in {1, 2})


@pytest.mark.parametrize(("most", "told"), [(0, "and 2 more groups"), (1, "and 1 more group")])
def test_groups_that_have_no_room_are_counted(most, told, monkeypatch):
    """After the first round, on any output."""
    monkeypatch.setattr(progress, "MAX_LOOKS", most)
    first = judge(replace(SESSION, rounds=SESSION.rounds[:1], ending=Ending.NONE))
    assert f"first look, no verdict: {told}\n" in shown(first, is_terminal=False)


@pytest.mark.parametrize("name", ["my [x] ü.py", "[bold]a[/bold].py", "a:smile:.py", "[/]"])
def test_names_are_shown_as_they_are(name, capsys):
    """rich would take some for styles or for an emoji, and fail at others."""
    for console in (result_console(), status_console()):
        console.print(f"first: {name} 1 ms", soft_wrap=True)
        table = Table(name)
        table.add_row(name)
        console.print(table)
    told = capsys.readouterr()
    assert told.out.count(name) == told.err.count(name) == 3


def test_every_verdict_has_a_style():
    """Of a page and of a terminal alike."""
    assert STYLES.keys() == VERDICTS.keys()


def test_nothing_is_drawn_while_a_value_is_taken():
    """No thread draws by itself: between two calls a terminal gets nothing, however long it is."""
    file = io.StringIO()
    console = Console(file=file, width=80, height=60, force_terminal=True)
    before = threading.active_count()
    with open_watcher(console) as watcher:
        watcher.on_start(SESSION)
        drawn = len(file.getvalue())
        time.sleep(0.3)  # rich's own thread would draw four times a second
        assert threading.active_count() == before
        assert len(file.getvalue()) == drawn
        watcher.on_sample(1, SESSION.rounds[0].samples[0])
        assert len(file.getvalue()) > drawn


def test_terminal_shows_what_was_marked():
    first, *others = SESSION.summaries
    marked = (replace(first, mark="server-bound"), *others)
    broken = Failure(SESSION.plan.cells[1].name, 1, "wrong answer")
    refused = Failure(SESSION.plan.cells[2].name, 1, "not there", is_refusal=True)
    running = replace(SESSION, summaries=marked, failures=(broken, refused))
    assert "1 invalid, 1 server-bound" in shown(running, is_terminal=True)


def test_elsewhere_it_is_a_line_per_round():
    text = shown(SESSION, is_terminal=False)
    assert "\x1b" not in text
    assert text.splitlines()[0].startswith("continuing with 16 cells")
    assert f"round {len(SESSION.rounds)} of 10:" in text


def test_session_that_continues_calibrates_nothing():
    """What was calibrated is kept; cells that failed are not among those that go on."""
    begun = replace(SESSION, ending=Ending.NONE, failures=())
    assert shown(begun, is_terminal=False).splitlines()[0] == (
        f"continuing with 16 cells after {len(SESSION.rounds)} rounds: at most 10 rounds, "
        "200 s in all"
    )
    failed = tuple(Failure(cell.name, 0, "crashed") for cell in SESSION.plan.cells[:2])
    broken = replace(begun, failures=failed, rounds=())
    assert "continuing with 14 cells after 0 rounds" in shown(broken, is_terminal=False)
    file = io.StringIO()
    with open_watcher(Console(file=file, width=80, force_terminal=True)) as watcher:
        watcher.on_start(begun)
    assert "calibration" not in file.getvalue()
    new = replace(broken, loops={})
    assert shown(new, is_terminal=False).startswith("calibrating 14 cells, then at most 10 rounds")


@pytest.mark.parametrize("asleep", [False, True])
def test_bar_counts_the_values_of_those_who_take_part(asleep, monkeypatch):
    """Not of those who have failed, or miss the round."""
    cells = SESSION.plan.cells[3:] if asleep else SESSION.plan.cells
    monkeypatch.setattr(progress, "find_next", lambda _: cells)
    plan = replace(SESSION.plan, laps=1)
    session = replace(
        SESSION, plan=plan, passes=dict.fromkeys(SESSION.passes, 1), ending=Ending.NONE
    )
    assert f"0/{len(cells)}" in shown(session, is_terminal=True)


def test_time_that_is_left_is_what_the_open_pairs_need():
    """Where rounds end by what is found; at the most what the budget and the rounds leave."""
    plan = replace(SESSION.plan, stopping=Stopping.ANY, rounds=100, budget_s=None)
    pairs = tuple(replace(one, more_rounds=None) for one in SESSION.comparisons if one.is_answered)
    open_pair = replace(pairs[0], verdict=Verdict.UNCLEAR, obstacle=Obstacle.OPEN, more_rounds=3)
    rounds = tuple(replace(record, seconds=10.0) for record in SESSION.rounds[:2])
    running = replace(
        SESSION, plan=plan, rounds=rounds, ending=Ending.NONE, comparisons=(*pairs, open_pair)
    )
    assert "about 30 s left" in shown(running, is_terminal=False)
    longer = replace(open_pair, more_rounds=1000)
    assert "about 16 min left" in shown(
        replace(running, comparisons=(*pairs, longer)), is_terminal=False
    )
    unknown = replace(open_pair, more_rounds=None)
    assert "about 16 min left" in shown(
        replace(running, comparisons=(*pairs, unknown)), is_terminal=False
    )
    for obstacle in (Obstacle.HALF, Obstacle.FAILED):
        hopeless = replace(open_pair, obstacle=obstacle, more_rounds=None)
        assert "about 0 s left" in shown(
            replace(running, comparisons=(*pairs, hopeless)), is_terminal=False
        )
    for stopping in Stopping:
        ends = {"stopping": stopping, "budget_s": running.seconds + 5.0}
        budgeted = replace(running, plan=replace(plan, **ends))
        assert "at most 5 s left" in shown(budgeted, is_terminal=False)
    few = replace(running, plan=replace(plan, stopping=Stopping.FIXED, rounds=4, budget_s=2000.0))
    assert "about 20 s left" in shown(few, is_terminal=False)
    assert "left" not in shown(replace(running, ending=Ending.ANSWERED), is_terminal=False)


def test_first_rounds_show_an_order_and_no_verdict():
    """On a terminal until there are three; elsewhere once, after the first."""
    first = replace(SESSION, rounds=SESSION.rounds[:1], ending=Ending.NONE)
    look = "first look, no verdict"
    text = shown(first, is_terminal=False)
    assert f"{look}: " in text
    order = [text.index(label) for label in ("aiohttp-gather on uvloop", "requests-serial ")]
    assert order == sorted(order)
    second = replace(first, rounds=SESSION.rounds[:2])
    assert look not in shown(second, is_terminal=False)
    on_terminal = shown(second, is_terminal=True)
    assert look in on_terminal
    assert "faster" not in on_terminal


def test_first_look_shows_the_times_by_which_it_is_ordered():
    """Of two lengths that is the time per page: the short crawl may be in another order."""
    kept = judge(load_session(Path(__file__).resolve().parents[2] / "results" / "default"))
    first = judge(replace(kept, rounds=kept.rounds[:1], ending=Ending.NONE))
    text = shown(first, is_terminal=False)
    assert "loopback, per page: " in text
    summaries = {one.cell: one for one in first.summaries}
    best = min(s.per_page_s for s in summaries.values() if "/loopback/" in s.cell and s.per_page_s)
    told = text.partition("loopback, per page: ")[2].partition(",")[0]
    assert told.endswith(format_seconds(best))


def test_first_look_at_many_cells_names_the_fastest(monkeypatch):
    """Hundreds of names would fill the screen."""
    first = replace(SESSION, rounds=SESSION.rounds[:1], ending=Ending.NONE)
    whole = shown(first, is_terminal=False)
    monkeypatch.setattr(progress, "MAX_NAMED", 2)
    text = shown(first, is_terminal=False)
    assert text.count("and 4 more, up to ") == whole.count("first look")
    assert "requests-threads" in whole
    assert "requests-threads" not in text


def test_what_has_three_rounds_or_was_to_have_fewer_is_no_first_look():
    third = replace(SESSION, rounds=SESSION.rounds[:3], ending=Ending.NONE)
    short = replace(third, rounds=SESSION.rounds[:2], plan=replace(SESSION.plan, rounds=2))
    for session in (third, short):
        assert "first look" not in shown(session, is_terminal=True)
        assert "first look" not in shown(session, is_terminal=False)
