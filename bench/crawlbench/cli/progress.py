"""Shows the progress of a session (floor 5): live on a terminal, elsewhere a line per round.

All drawing happens between values, outside the clock.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from contextlib import contextmanager
from statistics import fmean
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from crawlbench.base.records import Obstacle, Quantity, Stopping
from crawlbench.base.text import count_of
from crawlbench.measure.calibration import find_every
from crawlbench.measure.contract import Watcher
from crawlbench.measure.resting import find_next
from crawlbench.report.bars import draw_bars
from crawlbench.report.numbers import format_seconds
from crawlbench.report.tables import ratio_of
from crawlbench.report.terminal import STYLES
from crawlbench.report.view import SessionView
from crawlbench.stats.open_groups import HOPELESS, MIN_ROUNDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.base.records import Sample, Session

MIN_REDRAW_S = 0.25  # a redraw costs milliseconds between values
MAX_ROWS = 20  # of ratios, so that they fit on a screen
MAX_LOOKS = 5  # most groups whose order is printed after the first round
MAX_NAMED = 8  # most cells of each such group
FIRST_LOOK = "first look, no verdict"
BAR = 24


@contextmanager
def open_watcher(console: Console) -> Iterator[Watcher]:
    """Yield a watcher that shows a session on this console for the duration of the block."""
    if not console.is_terminal:
        yield _LineWatcher(console)
        return
    # We draw, between values: rich's own thread would draw while one is taken.
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield _LiveWatcher(live)


class _LineWatcher(Watcher):
    """Prints a line for the calibration and for each round."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def on_start(self, session: Session) -> None:
        plan, done = session.plan, len(session.rounds)
        budget = f", {plan.budget_s:.0f} s in all" if plan.budget_s else ""
        cells = count_of(len(find_next(session)), "cell")
        rounds = f"at most {count_of(plan.rounds, 'round')}"
        if session.loops:
            begun = f"continuing with {cells} after {count_of(done, 'round')}"
            self._say(f"{begun}: {rounds}{budget or ' in all'}")
        else:
            self._say(f"calibrating {cells}, then {rounds}{budget}")

    def on_session(self, session: Session) -> None:
        done = len(session.rounds)
        if done:
            state = f"{_state(session)}{_left(session)}"
            self._say(f"round {done} of {session.plan.rounds}: {state}")
        if done == 1 and _is_first_look(session):
            for line in _first_looks(SessionView(session)):
                self._say(f"{FIRST_LOOK}: {line}")

    def _say(self, text: str) -> None:
        self._console.print(text, soft_wrap=True)


class _LiveWatcher(Watcher):
    """Redraws a bar, the last value and the ratios so far."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._task = self._bar.add_task("calibration")
        self._last = Text("")
        self._ratios: RenderableType = Text("")
        self._look = Text("")
        self._marked = Text("")
        self._drawn = 0.0

    def on_start(self, session: Session) -> None:
        if session.loops:  # it continues, and nothing is calibrated again
            self._prepare_round(session)
        else:
            count = len(find_next(session))
            self._bar.reset(self._task, total=count, description="calibration")
        self._draw()

    def on_sample(self, number: int, sample: Sample) -> None:  # noqa: ARG002  (the bar knows)
        # Warmups are not among the values that the bar counts to.
        self._bar.advance(self._task, not sample.warmup)
        lap = "warmup" if sample.warmup else f"lap {sample.lap + 1}"
        self._last = Text(f"{lap}: {sample.cell} {format_seconds(sample.seconds)}", style="dim")
        if time.monotonic() - self._drawn > MIN_REDRAW_S:
            self._draw()

    def on_session(self, session: Session) -> None:
        self._prepare_round(session)
        self._ratios = _ratios(SessionView(session))
        self._look = Text("")
        if _is_first_look(session):
            looks = [FIRST_LOOK, *_first_looks(SessionView(session))]
            self._ratios, self._look = Text(""), Text("\n".join(looks))
        self._marked = Text(_marked(session), style="bold red")
        self._draw()

    def _prepare_round(self, session: Session) -> None:
        """Let the bar count the values of the next round."""
        plan, done, cells = session.plan, len(session.rounds), find_next(session)
        every = find_every(session, cells)
        # A resting cell takes part in every n-th lap, the first included: hence rounded up.
        values = sum(
            math.ceil(plan.laps * session.passes[cell.group] / every.get(cell.name, 1))
            for cell in cells
        )
        title = f"round {min(done + 1, plan.rounds)} of {plan.rounds}{_left(session)}"
        self._bar.reset(self._task, total=values, description=title)

    def _draw(self) -> None:
        shown = Group(self._bar, self._last, self._marked, self._look, self._ratios)
        self._live.update(shown, refresh=True)
        self._drawn = time.monotonic()


def _is_first_look(session: Session) -> bool:
    """Return whether there are so few rounds that only an order can be shown yet."""
    return 0 < len(session.rounds) < min(MIN_ROUNDS, session.plan.rounds)


def _first_looks(view: SessionView) -> list[str]:
    """Return the order of each group's cells with their times, and how many groups are left out."""
    lines = []
    for group in view.groups.values():
        timed = [
            (row.label, format_seconds(row.leading_s))
            for row in group.contestants
            if row.leading_s is not None
        ]
        times = [f"{label} {time}" for label, time in timed]
        more = len(timed) - MAX_NAMED
        # "and 1 more" would take as much room as the name that it replaces.
        if more > 1:
            times[MAX_NAMED:] = [f"and {more} more, up to {timed[-1][1]}"]
        if len(times) > 1:
            what = ", per page" if group.leading is Quantity.PAGE else ""
            lines.append(f"{group.place}{what}: {', '.join(times)}")
    more = len(lines) - MAX_LOOKS
    return [*lines[:MAX_LOOKS], *([f"and {count_of(more, 'more group')}"] if more > 0 else [])]


def _ratios(view: SessionView) -> RenderableType:
    """Return the ratios so far with their bars, as many as fit on a screen."""
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(no_wrap=True, overflow="ellipsis")
    left = MAX_ROWS
    for group in view.groups.values():
        bars = draw_bars(group, view.plan.margin, BAR)
        # Before its first round, a pair that will be measured is shown without numbers.
        rows = [place for place, row in enumerate(group.rows) if row.found and row.summary]
        shown = rows[:left]
        if shown:
            scale = Text(bars.scale, style="dim") if bars else Text("")
            table.add_row(Text(group.place, style="bold"), "", "", scale)
        for place in shown:
            row = group.rows[place]
            ratio = ratio_of(row)
            verdict = Text(ratio.verdict, style=STYLES[ratio.verdict])
            table.add_row(
                Text(row.label), ratio.text, verdict, Text(bars.rows[place] if bars else "")
            )
        left -= len(shown)
    return table


def _left(session: Session) -> str:
    """Return about how long the session still takes; empty before a round and after the last.

    If results decide when it ends, this is as long as the open pairs are expected to need. Only a
    budget is a limit; rounds may become longer.
    """
    plan, rounds = session.plan, session.rounds
    wanted = plan.rounds - len(rounds)
    if not rounds or wanted <= 0 or session.ending:
        return ""
    needed = _needed_rounds(session)
    # The forecast is that of verdicts; how many rounds a precision takes is not known.
    if plan.stopping is Stopping.ANY and plan.precision is None and needed is not None:
        wanted = min(wanted, needed)
    word, left_s = "about", wanted * fmean(record.seconds for record in rounds)
    if plan.budget_s and plan.budget_s - session.seconds < left_s:
        word, left_s = "at most", max(0.0, plan.budget_s - session.seconds)
    text = f"{left_s / 60:.0f} min" if left_s > 90 else f"{left_s:.0f} s"
    return f", {word} {text} left"


def _needed_rounds(session: Session) -> int | None:
    """Return the rounds that the open pairs are expected to need; None if that is not known."""
    # Pairs that no round can answer keep no session going.
    open_pairs = [
        one.more_rounds
        for one in session.leading_pairs()
        if not one.is_answered and one.obstacle not in (Obstacle.FAILED, *HOPELESS)
    ]
    known = [rounds for rounds in open_pairs if rounds is not None]
    return max(known, default=0) if len(known) == len(open_pairs) else None


def _marked(session: Session) -> str:
    """Return how many cells are invalid and how many rows are marked."""
    invalid = sum(not failure.is_refusal for failure in session.failures)
    marks = Counter(summary.mark for summary in session.summaries if summary.mark)
    parts = [f"{invalid} invalid"] if invalid else []
    parts += [f"{count} {mark}" for mark, count in marks.items()]
    return ", ".join(parts)


def _state(session: Session) -> str:
    pairs = session.leading_pairs()
    clear = sum(one.is_answered for one in pairs)
    count = sum(not failure.is_refusal for failure in session.failures)
    invalid = f", {count} invalid" if count else ""
    among = count_of(len(pairs), "pair")
    return f"{clear} of {among} answered{invalid}, {session.seconds:.0f} s"
