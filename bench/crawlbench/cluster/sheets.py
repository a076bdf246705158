"""Cuts a plan into sheets, each of which fits one session (floor 4; pure).

A sheet holds as many whole groups as fit. A group that is too large is spread over sheets of its
own, each with the group's baseline and control, and a cell's long forms stay with the cell. So all
cells of a comparison are in one sheet, and one machine measures the whole sheet.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crawlbench.base.records import Cell, Plan

SHEET_CELLS = 240
"""As many workers as a session has at once: more cells would only make it longer."""
MIN_CELLS = 3
"""A baseline, its control, and a cell to compare."""


def cut(plan: Plan, most: int = SHEET_CELLS) -> tuple[Plan, ...]:
    """Return the sheets of a plan, in the order of its groups.

    Args:
        plan: a plan of any size.
        most: the most cells of a sheet, including baselines and controls.

    Raises:
        UsageError: sheets of so few cells could compare nothing.
    """
    if most < MIN_CELLS:
        raise UsageError(
            f"sheets of {most} cells compare nothing: a baseline, its control and a cell make "
            f"{MIN_CELLS}"
        )
    parts = [part for group in _groups(plan) for part in _split(plan, group, most)]
    return tuple(_sheet(plan, cells) for cells in _pack(parts, most))


def _groups(plan: Plan) -> Iterable[list[Cell]]:
    groups: dict[str, list[Cell]] = {}
    for cell in plan.cells:
        groups.setdefault(cell.group, []).append(cell)
    return groups.values()


def _split(plan: Plan, group: list[Cell], most: int) -> Iterator[list[Cell]]:
    """Yield a whole group, or parts of nearly equal size, each with its baseline and control."""
    if len(group) <= most:
        yield group
        return
    name = group[0].group
    baseline, lengths = plan.baselines[name], 1
    if name in plan.long_forms:
        lengths = len(plan.long_forms[name].lengths)
    first: list[Cell] = []
    last: list[Cell] = []
    others: dict[str, list[Cell]] = {}
    for cell in group:
        if cell.control:
            last.append(cell)
        elif cell.short_name == baseline:
            first.append(cell)
        else:
            # The long forms of a cell have its short name.
            others.setdefault(cell.short_name, []).append(cell)
    fitting = _count_fitting(most, len(first) + len(last), lengths)
    count = -(-len(others) // fitting)
    # Every count-th cell: by equal pieces, the last part would be a short one.
    for number in range(count):
        yield [*first, *chain.from_iterable([*others.values()][number::count]), *last]


def _count_fitting(most: int, twins: int, lengths: int) -> int:
    """Return how many cells, each in so many lengths, fit into a sheet beside the twins."""
    if most < twins + lengths:
        raise UsageError(
            f"sheets of {most} cells compare nothing: a baseline, its control and a cell, in "
            f"{lengths} lengths each, make {twins + lengths}"
        )
    return (most - twins) // lengths


def _pack(parts: Iterable[list[Cell]], most: int) -> Iterator[list[Cell]]:
    """Yield the cells of each sheet, filled with the next parts as long as they fit."""
    sheet: list[Cell] = []
    groups: set[str] = set()
    for part in parts:
        # Two parts of one group would have the same baseline: they cannot share a sheet.
        if sheet and (len(sheet) + len(part) > most or part[0].group in groups):
            yield sheet
            sheet, groups = [], set()
        sheet = [*sheet, *part]
        groups.add(part[0].group)
    yield sheet


def _sheet(plan: Plan, cells: list[Cell]) -> Plan:
    groups = {cell.group for cell in cells}
    operations = {cell.operation for cell in cells}
    forms = {group: form for group, form in plan.long_forms.items() if group in groups}
    return replace(
        plan,
        cells=tuple(cells),
        baselines={group: name for group, name in plan.baselines.items() if group in groups},
        operations=tuple(facts for facts in plan.operations if facts.name in operations),
        long_forms=forms,
    )
