"""The rules of method: how a session must have been measured to become part of a table (floor 4).

Each broken rule is reported in a sentence: what is wrong, the value seen, and what would work.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from crawlbench import __version__
from crawlbench.base.records import Ending, Stopping
from crawlbench.plugins import registry
from crawlbench.plugins.about import (
    STANDARD_LIBRARY,
    describe_strategy,
    find_parser_library,
)
from crawlbench.reference.makeup import find_loop_library
from crawlbench.reference.parts import find_part, list_parts
from crawlbench.reference.pooling import CONFIDENCE
from crawlbench.reference.sources import find_shipped, is_shipped, pages_of_site
from crawlbench.stats.judge import MIN_ROUNDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.base.records import Cell, Plan, Session

AHEAD = timedelta(days=1)
"""Clocks differ by this much at most."""
OF_A_PART = (
    *("baselines", "long_forms", "rounds", "laps", "warmups", "min_time_s", "lap_time_s"),
    *("budget_s", "stopping", "is_paced", "long_share"),
)
"""What a part of the matrix fixes, besides the axes of its cells."""


def find_lapses(session: Session) -> Iterator[str]:
    """Yield a sentence for each rule of method that a judged session breaks."""
    yield from _hardly_measured(session)
    yield from _false_ending(session)
    yield from _without_control(session)
    yield from _with_other_axes(session)
    yield from _fetched_little(session)
    yield from _in_own_software(session)


def find_outdated(session: Session) -> Iterator[str]:
    """Yield a sentence for each rule that a session may break because crawlbench has changed."""
    yield from _without_versions(session)
    yield from _unlike_its_part(session.plan)
    yield from _played_otherwise(session)


def _hardly_measured(session: Session) -> Iterator[str]:
    if session.ending.is_early:
        ending = session.ending or "no end"
        yield f"the session was not finished ({ending}); go on with `crawlbench run --resume`"
    if len(session.rounds) < MIN_ROUNDS:
        yield f"it has {len(session.rounds)} rounds; {MIN_ROUNDS} or more are required"
    for moment in (session.created, *(record.started for record in session.rounds)):
        if not _is_ours(moment):
            yield (
                f"it is dated {moment!r}, which is not how crawlbench writes a date, such as "
                "'2026-11-28T22:48:01+00:00'; submit the session again, as it was measured"
            )
            return
    if datetime.fromisoformat(session.created) > datetime.now(UTC) + AHEAD:
        yield f"it was measured at {session.created}, which is in the future; set the clock"
    if session.plan.confidence != CONFIDENCE:
        yield (
            f"its intervals hold at {session.plan.confidence:g}, those of the table at "
            f"{CONFIDENCE:g}; measure it at {CONFIDENCE:g}"
        )
    if session.plan.is_versus or session.plan.sweep:
        yield (
            f"the suite {session.plan.suite!r} compares each cell with itself, which has no place "
            "in the table; submit one of `crawlbench run`"
        )


def _is_ours(moment: str) -> bool:
    """Return whether a moment is in UTC and spelled as we spell it.

    The table takes its first ten letters for the day, and orders by them.
    """
    try:
        found = datetime.fromisoformat(moment).astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return found.isoformat(timespec="seconds") == moment


def _false_ending(session: Session) -> Iterator[str]:
    """Yield if a session cannot have ended as it says, so that rounds may have been left out."""
    plan, ending = session.plan, session.ending
    wanted, found = plan.rounds, len(session.rounds)
    if ending is Ending.ROUNDS and found != wanted:
        yield (
            f"it ended because all {wanted} rounds were measured, but has {found}: rounds were "
            "taken out or added; submit the session again, as it was measured"
        )
    possible = {
        Ending.ROUNDS,  # see above
        *((Ending.BUDGET,) if plan.budget_s else ()),
        *((Ending.ANSWERED, Ending.PRECISE) if plan.stopping is Stopping.ANY else ()),
    }
    # Early endings have been refused by `_hardly_measured`.
    if ending not in possible and not ending.is_early:
        yield (
            f"it ended with {ending.value!r}, which no session of its plan does; submit the "
            "session again, as it was measured"
        )


def _without_control(session: Session) -> Iterator[str]:
    # A control that is only in the plan shows nothing.
    judged = {one.group for one in session.controls if one.estimate is not None}
    for group in dict.fromkeys(cell.group for cell in session.plan.cells):
        if group not in judged:
            yield (
                f"the group {group!r} has no control with two rounds or more, so nobody can tell "
                "whether equal things came out equal; measure it with its control"
            )
        # Operations have peers in place of a mirror, and no ceiling.
        is_crawl = any(c.site and c.group == group for c in session.plan.cells)
        if is_crawl and not session.ceilings.get(group):
            yield f"the group {group!r} has no ceiling of its mirror; measure it again"


def _with_other_axes(session: Session) -> Iterator[str]:
    """Yield if a group has two rows that the table could not tell apart."""
    for group in session.plan.baselines:
        numbers = {one.concurrency for one in session.plan.own_cells if one.group == group}
        if len(numbers) > 1:
            told = " and ".join(map(str, sorted(numbers)))
            yield (
                f"the group {group!r} has cells with {told} requests at a time, but the table has "
                "one row for each client; measure each number in a session of its own, with -c"
            )


def _fetched_little(session: Session) -> Iterator[str]:
    """Yield a value in which fewer pages were requested than a right crawl requests."""
    cells = {cell.name: cell for cell in session.plan.cells if cell.site}
    with_faults = {
        name for name, numbers in session.networks.items() if any("fault" in one for one in numbers)
    }
    for record in session.rounds:
        for sample in record.samples:
            cell = cells.get(sample.cell)
            due = sample.loops * pages_of_site(cell.site) if cell else 0
            if cell is None or not due or sample.requests == due:
                continue
            # After a fault clients ask again. Elsewhere more requests are as wrong as fewer.
            if sample.requests < due or cell.network not in with_faults:
                yield (
                    f"{sample.cell!r} made {sample.requests} requests in {sample.loops} crawls; a "
                    f"right crawl makes {due // sample.loops}; measure it again"
                )
                return


def _in_own_software(session: Session) -> Iterator[str]:
    """Yield if an environment holds what only its machine has, so that a version tells nothing."""
    for one in (*session.plan.environments, *(facts.asked for facts in session.environments)):
        # A folder or a wheel, a Python by its path, and a package from an address.
        own = [
            *one.checkouts,
            *(text for text in (one.python, *one.packages) if {*"/\\@"} & {*text}),
        ]
        if own:
            yield (
                f"the environment {one.name!r} was made from {own[0]!r}, so nobody could measure "
                "it again; name released versions, such as aiohttp==3.9.5"
            )
            return


def _without_versions(session: Session) -> Iterator[str]:
    # What follows a + tells builds of one version apart (PEP 440).
    if session.tool.partition("+")[0] != __version__.partition("+")[0]:
        yield (
            f"it was measured by crawlbench {session.tool}, this is {__version__}; "
            "measure it with this one"
        )
    missing: set[str] = set()
    for cell in session.plan.own_cells:
        # A client ran in its environment, whatever the manager has installed.
        place = session.environment(cell.environment) if cell.environment else None
        versions = place.versions if place else session.machine.versions
        known = {canonicalize_name(name) for name, version in versions.items() if version}
        missing |= {name for name in _libraries(cell) if canonicalize_name(name) not in known}
    if missing:
        yield f"it does not give the version of {', '.join(sorted(missing))}; measure it again"
    if not session.machine.python or not session.machine.versions.get("pyperf"):
        yield "it does not say which Python and which pyperf measured it; measure it again"


def _libraries(cell: Cell) -> set[str]:
    """Return the distributions that fetch, read and loop, as far as they are shipped plug-ins."""
    found = set()
    if cell.strategy and is_shipped(registry.Kind.STRATEGY, cell.strategy):
        found.add(describe_strategy(cell.strategy).library)
    if cell.parser and is_shipped(registry.Kind.PARSER, cell.parser):
        found.add(find_parser_library(cell.parser))
    found.add(find_loop_library(cell.event_loop or ""))
    return found - {"", STANDARD_LIBRARY}


def _unlike_its_part(plan: Plan) -> Iterator[str]:
    """Yield what a part of the matrix fixes, and a bundle that says to be one has otherwise."""
    if plan.suite not in list_parts():
        return
    part = find_part(plan.suite).plan
    for name in OF_A_PART:
        here, there = getattr(plan, name), getattr(part, name)
        if here != there:
            yield (
                f"it claims to be the part {plan.suite!r}, but its {name} is {here!r} instead of "
                f"{there!r}; measure it with `make reference PART={plan.suite}`"
            )
            return
    axes = {_axes(cell) for cell in part.cells}
    if odd := next((cell for cell in plan.cells if _axes(cell) not in axes), None):
        yield (
            f"it claims to be the part {plan.suite!r}, which has no {odd.name!r}; submit it as a "
            "session of its own"
        )


def _axes(cell: Cell) -> tuple[object, ...]:
    # Without strategies and event loops: a part takes all that are installed, and machines differ.
    return cell.site, cell.network, cell.parser, cell.concurrency, cell.environment, cell.long_of


def _played_otherwise(session: Session) -> Iterator[str]:
    """Yield if a network has other numbers than that of its name has here."""
    # Networks of users have been refused by `_unshipped`.
    for name, numbers in session.networks.items():
        if (network := find_shipped(name)) and (ours := network.as_numbers()) != numbers:
            keys = sorted(ours.keys() | numbers.keys())
            key = next(one for one in keys if ours.get(one) != numbers.get(one))
            yield (
                f"the network {name!r} has {key} {numbers.get(key)!r}, here it has "
                f"{ours.get(key)!r}; measure it with this crawlbench"
            )
