"""What is shown while a session runs: bars, the time that is left, what was marked."""

from __future__ import annotations

import io
import threading
import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from crawlbench.cli.live import open_watcher
from crawlbench.measure.store import load_session
from crawlbench.records import Failure

SESSION = load_session(Path(__file__).parents[2] / "results" / "reference")


def shown(session, *, is_terminal):
    """Return what stands on a console of 80 columns while a session runs."""
    file = io.StringIO()
    console = Console(file=file, width=80, height=60, force_terminal=is_terminal, no_color=True)
    with open_watcher(console) as watcher:
        watcher.on_start(session)
        for sample in session.rounds[0].samples[:3]:
            watcher.on_sample(1, sample)
        watcher.on_session(session)
    return file.getvalue()


def test_terminal_shows_bars_and_the_time_that_is_left():
    running = replace(SESSION, rounds=SESSION.rounds[:2], ending="")
    text = shown(running, is_terminal=True)
    assert "round 3 of 10, at most" in text
    assert "left" in text
    assert "●" in text
    assert "aiohttp-gather on uvloop" in text
    assert "server-bound" not in text


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
    assert text.splitlines()[0].startswith("calibrating 16 cells")
    assert f"round {len(SESSION.rounds)} of 10:" in text
