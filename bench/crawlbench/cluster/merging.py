"""Merges what many machines measured into one verdict for each cell (floor 4; pure).

Sheets are read twice, one after the other, and not kept: memory grows with the cells, not with the
machines. The first pass takes each cell's mean over machines; then Holm's procedure, over all cells
of all sheets, gives the levels; with them the second pass compares each machine's own interval with
the mean's. Where two lengths were crawled, the same is done for the time per page.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity
from crawlbench.cluster.pooling import Family, Sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawlbench.base.records import Plan
    from crawlbench.cluster.records import (
        BlockResult,
        MergedComparison,
        MergedNoise,
        UnsteadyMachine,
    )

MERGED = (Quantity.TIME, Quantity.PAGE)
"""What is judged over machines. What it costs to begin is not: it is compared in seconds, of which
a slow machine takes more than a fast one for the same work."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The result of all blocks together."""

    comparisons: tuple[MergedComparison, ...]
    """By one quantity after the other, each in the order of the sheets and of their cells."""
    noise: tuple[MergedNoise, ...]
    left_out: tuple[UnsteadyMachine, ...]
    failures: dict[str, int]
    """Machine to the number of its invalid cells; only machines that have some."""


def merge(sheets: Sequence[Plan], read: Callable[[int], Sequence[BlockResult]]) -> Merged:
    """Return a verdict over machines for each cell that is compared, and one per kind of machine.

    Args:
        sheets: the plans that were measured, all with the same margin and confidence.
        read: returns the blocks of a sheet by its number, from 1; called twice for each sheet and
            quantity.
    """
    has_lengths = any(sheet.long_forms for sheet in sheets)
    found = [_merge(sheets, read, one) for one in MERGED if has_lengths or not one.is_of_lengths]
    return Merged(
        tuple(chain.from_iterable(one.comparisons for one in found)),
        tuple(chain.from_iterable(one.noise for one in found)),
        tuple(chain.from_iterable(one.left_out for one in found)),
        # Failures are those of blocks, so each quantity has counted the same ones.
        found[0].failures,
    )


def _merge(
    sheets: Sequence[Plan], read: Callable[[int], Sequence[BlockResult]], quantity: Quantity
) -> Merged:
    """Return what machines say by one quantity."""
    # Two passes over the blocks: Holm needs the cells of all sheets before it can answer for one,
    # and the blocks of a large session do not fit into memory together.
    plan = sheets[0]
    everybody, kinds = Family(), dict[str, Family]()
    noise: list[MergedNoise] = []
    left_out: list[UnsteadyMachine] = []
    failures: Counter[str] = Counter()
    for number in range(1, len(sheets) + 1):
        blocks = read(number)
        failures.update({one.machine.name: one.failures for one in blocks if one.failures})
        sheet = Sheet.of(number, sheets[number - 1], blocks, quantity)
        left_out += sheet.left_out
        noise += sheet.noise()
        sheet.fill(everybody, kinds)
    kinds = {kind: family for kind, family in kinds.items() if family.pooled}
    for family in (everybody, *kinds.values()):
        family.close(plan)
    comparisons: list[MergedComparison] = []
    for number in range(1, len(sheets) + 1):
        sheet = Sheet.of(number, sheets[number - 1], read(number), quantity)
        comparisons += sheet.compare(everybody, kinds if len(kinds) > 1 else {})
    return Merged(tuple(comparisons), tuple(noise), tuple(left_out), dict(failures))
