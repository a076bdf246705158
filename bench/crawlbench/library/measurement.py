"""`crawlbench.run` and `crawlbench.ab`: measure from Python as the commands do (floor 5)."""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from crawlbench.base.errors import UnknownNameError, UsageError
from crawlbench.base.records import Ending
from crawlbench.base.rooms import open_room
from crawlbench.environments.comparison import choose_suite, plan_versus
from crawlbench.environments.preparation import prepare_environments
from crawlbench.environments.spec import parse_sides, read_environments
from crawlbench.library.gate import find_bound
from crawlbench.library.options import Options, read_names, read_options, read_place
from crawlbench.library.session import Session
from crawlbench.library.waiting import wait_for
from crawlbench.library.watching import Teller
from crawlbench.measure.flow import run_session
from crawlbench.measure.lengths import require_places
from crawlbench.measure.matrix import make_plan
from crawlbench.measure.sitefacts import find_site
from crawlbench.measure.suite import load_suite, override
from crawlbench.measure.width import refuse_inexpressible
from crawlbench.plugins import registry
from crawlbench.plugins.origin import is_ours, make_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from os import PathLike

    from crawlbench.base.records import EnvironmentFacts, Plan
    from crawlbench.stats.gate import Bound

    Progress = Callable[[str], object] | None
    """Called with a line from time to time, such as `print`; None for silence."""


def run(
    suite: str | PathLike[str] = "default",
    *,
    baseline: str | None = None,
    environments: str | Sequence[str] = (),
    output: str | PathLike[str] | None = None,
    progress: Progress = None,
    **options: Unpack[Options],
) -> Session:
    """Measure every cell of a suite, lap by lap, and return the session.

    Args:
        suite: a name, or the path of a TOML file.
        baseline: `strategy` or `strategy/event loop`; None for the suite's.
        environments: versions of Python and packages to measure in, as for `--env`.
        output: a new folder to keep the session in; None keeps it only in memory.
        progress: called with a line after each round, such as `print`.
        options: replace the suite's own.

    Raises:
        UsageError: something that was asked for is not available; the message says what is.
        KeyboardInterrupt: Ctrl-C; finished rounds are in the folder, if one was named.
    """
    teller = Teller(progress)
    name = str(suite)
    wanted = override(load_suite(name), read_options(options))
    if not isinstance(baseline, str | None):
        raise UsageError(f"baseline {baseline!r} cannot be used; give a name, such as 'asyncio'")
    _refuse_taken(output)
    texts = [str(one) for one in read_names(environments, "environments")]
    ready = prepare_environments(read_environments(texts), wanted, teller.tell)
    asked = [facts.asked for facts in ready.environments]
    plan = make_plan(name, wanted, baseline, environments=asked, reach=ready.reach)
    require_places(options.get("long_forms"), plan)
    return _measure(plan, output, teller, ready.environments)


def ab(
    old: str | PathLike[str],
    new: str | PathLike[str],
    *,
    gate_percent: float | None = None,
    fail_on: str | None = None,
    output: str | PathLike[str] | None = None,
    progress: Progress = None,
    **options: Unpack[Options],
) -> Session:
    """Measure old and new in the same laps, and return the session.

    It ends when it is known which is faster, or with the budget.

    Args:
        old: a strategy (a name, or a file that ends in `.py`), or an environment as for `crawlbench
            ab`: requirements, or the folder of a checkout.
        new: the same; both are strategies or both are environments.
        gate_percent: what `Session.hold_gate` will be asked; the session ends when the answer is
            known.
        fail_on: the same as for `--fail-on`, such as `page-slower:5%`.
        output: as for `run`.
        progress: as for `run`.
        options: replace those of the suite `ab`.

    Raises:
        UsageError: as for `run`.
    """
    sides = str(old), str(new)
    teller = Teller(progress)
    are = [_is_strategy(side) for side in sides]
    if are[0] is not are[1]:
        first, second = sides if are[0] else sides[::-1]
        raise UsageError(
            f"{first!r} is a strategy and {second!r} is not; give two strategies, or two "
            "environments such as 'aiohttp==3.11.0'"
        )
    changes = read_options(options)
    _refuse_taken(output)
    bound = _find_gate(changes, gate_percent, fail_on)
    plan, ready = (_of_strategies if are[0] else _of_environments)(sides, changes, teller)
    if bound:
        bound.require_lengths(plan.long_forms)
        plan = replace(plan, gate=bound.size, gate_quantity=bound.quantity)
    return _measure(plan, output, teller, ready)


def _find_gate(
    changes: dict[str, object], percent: float | None, fail_on: str | None
) -> Bound | None:
    """Return the gate, or None; refuse, before anything is built, one that cannot be answered."""
    if percent is None and fail_on is None:
        return None
    suite = override(load_suite("ab"), {**changes, "strategies": None})
    margin = math.log1p(suite.margin_percent / 100)
    bound = find_bound(margin, percent, fail_on, "gate_percent")
    bound.require_lengths(suite.long_forms)
    return bound


def _refuse_taken(output: str | PathLike[str] | None) -> None:
    """Refuse, before anything is built, a folder that cannot become a session's."""
    if output is not None and read_place(output, "output").exists():
        raise UsageError(
            f"output {str(output)!r} exists already; name a folder that does not exist yet"
        )


def _is_strategy(side: str) -> bool:
    if side.endswith(".py"):
        return True
    try:
        registry.find(registry.Kind.STRATEGY, side)
    except UnknownNameError:
        return False
    return True


def _of_strategies(
    sides: tuple[str, str], changes: dict[str, object], teller: Teller
) -> tuple[Plan, tuple[EnvironmentFacts, ...]]:
    """Return a plan in which the old strategy is the baseline."""
    if "strategies" in changes:
        raise UsageError("strategies cannot be chosen here: they are the two sides")
    if sides[0] == sides[1]:
        raise UsageError(
            f"old and new are both {sides[0]!r}; give two strategies (each session compares its "
            "baseline with itself anyway)"
        )
    suite = override(load_suite("ab"), {**changes, "strategies": sides})
    teller.tell(f"measuring {sides[1]} against {sides[0]}")
    return make_plan("ab", suite, sides[0]), ()


def _of_environments(
    sides: tuple[str, str], changes: dict[str, object], teller: Teller
) -> tuple[Plan, tuple[EnvironmentFacts, ...]]:
    """Return a plan in which each cell is compared with itself in the old environment."""
    read = parse_sides(list(sides))
    suite = choose_suite(read, changes)
    prepared = prepare_environments(read, suite, teller.tell)
    return plan_versus(suite, prepared), prepared.environments


def _measure(
    plan: Plan,
    output: str | PathLike[str] | None,
    teller: Teller,
    environments: Sequence[EnvironmentFacts],
) -> Session:
    """Run a session to its end, and return it."""
    refuse_inexpressible(plan)
    for site in dict.fromkeys(cell.site for cell in plan.cells if cell.site):
        make_pages(site)
        if not is_ours(site):
            # This reports what is wrong with the folder before anything is measured.
            find_site(site, expects=False, reads=True)
    with ExitStack() as stack:
        kept = None if output is None else Path(output)
        folder = kept or stack.enter_context(open_room()) / "session"
        # Ctrl-C does not raise here: the session returns with its finished rounds.
        record = wait_for(lambda: run_session(plan, folder, teller, environments))
    if record.ending is Ending.INTERRUPTED:
        raise KeyboardInterrupt
    return Session(record, kept)
