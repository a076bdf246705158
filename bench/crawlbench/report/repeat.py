"""The command that measures a session again (floor 3; pure)."""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING

from crawlbench.base.records import Stopping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crawlbench.base.records import Plan, Session
    from crawlbench.report.view import SessionView


_OF_AB = frozenset(
    {
        *("-s", "-l", "-n", "-c", "--operation", "--site", "--parser"),
        *("--rounds", "--laps", "--budget", "--precision", "--margin"),
    }
)
"""Options that `crawlbench ab` has."""


LONGER = 1.1
"""By what factor the rounds of a continuation may be longer than expected."""
START_S = 15.0
"""What else a continuation may take: its mirrors and peers start again."""


USUAL_LOOP = "asyncio"
"""What operations are compared with, unless something else was asked for."""


def repeat_command(session: Session) -> str:
    """Return a call of `crawlbench run` or `ab` for a shell, or an empty text for a sweep.

    Every axis is written out, because the suite's own may have been overridden. What has no option
    (warmups, the length of turns, the share of long forms) comes from the suite again.
    """
    plan = session.plan
    if plan.sweep is not None:
        return ""
    words = ["crawlbench", "run", plan.suite]
    environments = [("--env", f"{one.name}={one.spec}") for one in plan.environments]
    options = [*_axes(plan), *environments, *_sizes(plan)]
    if plan.is_versus:
        words = ["crawlbench", "ab", *(environment.spec for environment in plan.environments)]
        options = [pair for pair in options if pair[0] in _OF_AB]
    for option, value in options:
        words += [option, value]
    return " ".join(map(_quote, words))


def again_command(view: SessionView) -> str:
    """Return a call that measures what is shown again; empty for a sweep.

    A part of a matrix is no suite, so that a bundle brings its own.
    """
    return repeat_command(view.session) if view.bundled is None else view.bundled


def resume_command(view: SessionView, rounds: int | None = None) -> str:
    """Return a call that continues a session for this many more rounds; empty for a bundle.

    Args:
        view: the session's view; if its folder is not known, the call says DIR.
        rounds: how many to add to those that are finished; None for the session's own end.
    """
    if view.bundled is not None:
        return ""
    done = len(view.session.rounds)
    command = f"crawlbench run --resume {_folder(view)}"
    if rounds is None:
        return command
    command += f" --rounds {done + rounds}"
    # The session's budget is counted from its start, and may be spent: the continuation needs more.
    if view.plan.budget_s is None or view.round_s is None:
        return command
    due_s = view.session.seconds + START_S + rounds * view.round_s * LONGER
    return f"{command} --budget {math.ceil(max(due_s, view.plan.budget_s))}"


def show_command(view: SessionView) -> str:
    """Return a call that shows everything about a session."""
    return f"crawlbench report -v {_folder(view)}"


def _folder(view: SessionView) -> str:
    return "DIR" if view.folder is None else _quote(str(view.folder))


def _quote(word: str) -> str:
    """Return a word for a shell, with unprintable characters as escapes that bash and zsh read."""
    # `shlex.quote` leaves marks in place that turn the direction of the command that is shown.
    if word.isprintable():
        return shlex.quote(word)
    shown = (c if c.isprintable() and c not in "'\\\\" else _escape(c) for c in word)
    return f"$'{''.join(shown)}'"


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _axes(plan: Plan) -> Iterator[tuple[str, str]]:
    # Long forms are no cells of the command's own: `--long-form` brings them.
    cells = [cell for cell in plan.own_cells if not cell.operation]
    yield from _each("-s", (plan.spelling_of(cell.strategy) for cell in cells))
    yield from _each("-l", (cell.event_loop for cell in plan.cells if cell.event_loop))
    yield from _each("--operation", (facts.name for facts in plan.operations))
    if not cells:
        loop = plan.cell(plan.baselines[plan.cells[0].group]).event_loop
        if loop != USUAL_LOOP:
            yield "--baseline", loop or ""
        return
    yield from _each("-n", (plan.spelling_of(cell.network) for cell in cells))
    yield from _each("--site", (plan.spelling_of(cell.site) for cell in cells))
    yield from _each("--parser", (plan.spelling_of(cell.parser) for cell in cells))
    yield from _each("-c", (str(cell.concurrency) for cell in cells))
    first = plan.cell(plan.baselines[cells[0].group])
    loop = f"/{first.event_loop}" if first.event_loop else ""
    yield "--baseline", f"{plan.spelling_of(first.strategy)}{loop}"


def _each(option: str, values: Iterable[str]) -> Iterator[tuple[str, str]]:
    yield from ((option, value) for value in dict.fromkeys(values))


def _sizes(plan: Plan) -> Iterator[tuple[str, str]]:
    yield from _ends(plan)
    if not plan.is_paced:  # laps that a user gives are kept, so paced ones are the suite's
        yield "--laps", str(plan.laps)
    yield "--margin", _percent(plan.margin)
    yield "--min-time", f"{plan.min_time_s:g}"
    yield "--timeout", f"{plan.timeout_s:g}"
    yield "--seed", str(plan.seed)
    if any(cell.strategy for cell in plan.cells):
        forms = [f"{group}={','.join(form.sites)}" for group, form in plan.long_forms.items()]
        # "none" takes the place of the long forms that the suite has today.
        yield from _each("--long-form", forms or ["none"])


def _ends(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield what ends a session, unless that is the suite's own budget, after one look.

    There a number of rounds would keep cells from resting, and a budget would look after each.
    """
    is_once = plan.stopping is Stopping.FIXED
    if is_once and plan.is_paced and plan.may_rest:
        return
    if is_once or plan.precision is not None:
        yield "--rounds", str(plan.rounds)  # else it would fix a number that the results decided
    if plan.budget_s is not None:
        yield "--budget", f"{plan.budget_s:g}"
    if plan.precision:  # of 0 where a continued session was to have all of its rounds
        yield "--precision", _percent(plan.precision)


def _percent(log_ratio: float) -> str:
    return f"{math.expm1(log_ratio) * 100:.6g}"
