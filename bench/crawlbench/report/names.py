"""The names of cells and groups: short, but distinct (floor 3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawlbench.base.records import Cell

_DIFFERENCES = {"parser": "{}", "concurrency": "c{}", "environment": "@{}"}
"""What follows a strategy's name where the cells of a group differ in it."""


def short_name(cell: Cell, cells: Sequence[Cell]) -> str:
    """Return strategy and event loop, and what else distinguishes a cell from its neighbours."""
    return full_name(cell, find_differences(cells))


def full_name(cell: Cell, differences: Sequence[str]) -> str:
    """Return strategy, these differences, the event loop, and whether it is a control."""
    loop = f" on {cell.event_loop}" if cell.event_loop else ""
    control = " (control)" if cell.control else ""
    return one_line(name_work(cell, differences) + loop + control)


def find_differences(cells: Iterable[Cell]) -> list[str]:
    """Return the axes, besides strategy and loop, in which cells differ."""
    found = list(cells)
    return [name for name in _DIFFERENCES if len({getattr(cell, name) for cell in found}) > 1]


def name_work(cell: Cell, differences: Sequence[str]) -> str:
    """Return what a cell does, without its event loop."""
    values = {name: getattr(cell, name) for name in differences}
    # The manager's own environment has no name.
    shown = [_DIFFERENCES[name].format(value) for name, value in values.items() if value]
    return one_line(" ".join([cell.operation or cell.strategy, *shown]))


def name_place(cell: Cell, *, is_one_site: bool) -> str:
    """Return what to call a cell's group; its site is named only if there are several."""
    if cell.operation:
        # In `ab` each event loop is a group of its own, so the place has to tell them apart.
        loop = f" on {cell.event_loop}" if cell.versus else ""
        return one_line(f"{cell.operation}{loop}")
    place = cell.network if is_one_site else f"{cell.site} on {cell.network}"
    if not cell.versus:
        return one_line(place)
    loop = f" on {cell.event_loop}" if cell.event_loop else ""
    return one_line(f"{place}, {cell.strategy}{loop}")


def unlike(names: Iterable[str]) -> list[str]:
    """Return names, numbered where they repeat, so that no two are the same."""
    taken: dict[str, int] = {}
    found = []
    for name in names:
        taken[name] = taken.get(name, 0) + 1
        found.append(name if taken[name] == 1 else f"{name} [{taken[name]}]")
    return found
