"""Shows how a session gets on (floor 5): a live display on a terminal, a line per round elsewhere.

All drawing happens between values, outside the clock.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from crawlbench.report.numbers import format_interval, format_ratio, format_seconds
from crawlbench.report.terminal import STYLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.records import Sample, Session
    from crawlbench.session import Watcher

__all__ = ["open_watcher"]

LEAST_REDRAW_S = 0.25  # a redraw costs milliseconds between values


@contextmanager
def open_watcher(console: Console) -> Iterator[Watcher]:
    """Return what shows a session on this console while the block lasts."""
    if not console.is_terminal:
        yield _LineWatcher(console)
        return
    watcher = _LiveWatcher()
    with Live(console=console, auto_refresh=False, transient=True) as live:
        watcher.live = live
        yield watcher


class _LineWatcher:
    """Prints a line for the calibration and for each round."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def on_start(self, session: Session) -> None:
        cells, rounds = len(session.plan.cells), session.plan.rounds
        self._say(f"calibrating {cells} cells, then at most {rounds} rounds")

    def on_sample(self, number: int, sample: Sample) -> None:
        pass

    def on_session(self, session: Session) -> None:
        done = len(session.rounds)
        if done:
            self._say(f"round {done} of {session.plan.rounds}: {_state(session)}")

    def _say(self, text: str) -> None:
        self._console.print(text, soft_wrap=True)


class _LiveWatcher:
    """Redraws a bar, the last value and the ratios so far."""

    def __init__(self) -> None:
        self.live: Live | None = None
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._task = self._bar.add_task("calibration")
        self._last = Text("")
        self._ratios: RenderableType = Text("")
        self._drawn = 0.0
        self._session: Session | None = None

    def on_start(self, session: Session) -> None:
        self._session = session
        self._bar.reset(self._task, total=2 * len(session.plan.cells), description="calibration")
        self._draw()

    def on_sample(self, number: int, sample: Sample) -> None:  # noqa: ARG002  (the bar knows)
        self._bar.advance(self._task)
        lap = "warmup" if sample.warmup else f"lap {sample.lap + 1}"
        self._last = Text(f"{lap}: {sample.cell} {format_seconds(sample.seconds)}", style="dim")
        if time.monotonic() - self._drawn > LEAST_REDRAW_S:
            self._draw()

    def on_session(self, session: Session) -> None:
        plan, done = session.plan, len(session.rounds)
        values = sum(
            plan.warmups + plan.laps * session.passes[cell.group]
            for cell in plan.cells
            if not session.failure(cell.name)
        )
        title = f"round {min(done + 1, plan.rounds)} of {plan.rounds}"
        self._bar.reset(self._task, total=values, description=title)
        self._ratios = _ratios(session)
        self._draw()

    def _draw(self) -> None:
        if self.live:
            self.live.update(Group(self._bar, self._last, self._ratios), refresh=True)
        self._drawn = time.monotonic()


def _ratios(session: Session) -> RenderableType:
    """Return the ratios so far, as many as fit on a screen."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for comparison in session.comparisons[:20]:
        if comparison.estimate is None or comparison.low is None or comparison.high is None:
            ratio, interval = "", ""
        else:
            ratio = format_ratio(comparison.estimate, comparison.low, comparison.high)
            interval = format_interval(comparison.low, comparison.high)
        verdict = Text(comparison.verdict, style=STYLES[comparison.verdict])
        table.add_row(Text(comparison.cell), ratio, interval, verdict)
    return table


def _state(session: Session) -> str:
    clear = sum(
        c.verdict not in {"unclear", "invalid", "not supported"} for c in session.comparisons
    )
    count = sum(not failure.is_refusal for failure in session.failures)
    invalid = f", {count} invalid" if count else ""
    return (
        f"{clear} of {len(session.comparisons)} comparisons clear{invalid}, {session.seconds:.0f} s"
    )
