"""One question: one group of cells, one quantity, and all its pairs (floor 2; pure).

The pairs are fixed before the first round, so that results cannot influence what is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity
from crawlbench.stats.limit import REFERENCE
from crawlbench.stats.pairing import Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crawlbench.base.records import Cell, Session

MAX_ALL_PAIRS = 60
"""The most cells of a group that are all compared with each other. In a larger group, each is
compared with the baseline and with those that differ from it only by event loop: a family of
thousands would answer nothing."""


@dataclass(frozen=True, slots=True)
class Question:
    """All pairs of one group, compared by one quantity."""

    group: str
    quantity: Quantity
    baseline: Side
    """Both twins; only one cell if the group has no control."""
    pairs: tuple[tuple[Side, Side], ...]
    """Each cell and what it is compared with, pairs with the baseline first."""


def ask_questions(session: Session) -> list[Question]:
    """Return the questions of a session.

    Each group has one by time, and one by CPU time if that was read exactly. Where two lengths were
    crawled, it also has one by time per page, one by CPU time per page (likewise), and one by the
    cost to begin.
    """
    groups: dict[str, list[Cell]] = {}
    for cell in session.plan.own_cells:
        groups.setdefault(cell.group, []).append(cell)
    has_cpu = has_cpu_clock(session)
    return [
        _ask(session.plan.baselines[group], group, cells, quantity)
        for group, cells in groups.items()
        for quantity in Quantity
        if (has_cpu or not quantity.is_cpu)
        and (group in session.plan.long_forms or not quantity.is_of_lengths)
    ]


def has_cpu_clock(session: Session) -> bool:
    """Return whether every value has a CPU time: if one lacks it, nothing is said about any."""
    samples = [s for record in session.rounds for s in record.samples if not s.warmup]
    return bool(samples) and all(sample.cpu_s is not None for sample in samples)


def _ask(baseline: str, group: str, cells: list[Cell], quantity: Quantity) -> Question:
    controls = [cell.name for cell in cells if cell.control]
    twins = Side(baseline, (baseline, *controls))
    others = {
        cell.name: cell
        for cell in cells
        if cell.name != baseline and not cell.control and cell.strategy != REFERENCE
    }
    sides = {name: Side(name, (name,)) for name in others}
    is_large = len(sides) > MAX_ALL_PAIRS
    between = _kin(others.values()) if is_large else combinations(sides, 2)
    pairs = [(side, twins) for side in sides.values()]
    pairs += [(sides[two], sides[one]) for one, two in between]
    return Question(group, quantity, twins, tuple(pairs))


def _kin(cells: Iterable[Cell]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of cells that differ only by event loop."""
    alike: dict[tuple[object, ...], list[str]] = {}
    for cell in cells:
        axes = (cell.strategy, cell.parser, cell.concurrency, cell.environment)
        alike.setdefault(axes, []).append(cell.name)
    for names in alike.values():
        yield from combinations(names, 2)
