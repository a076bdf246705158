"""Shows a probe's report in the terminal, as renderables for rich (floor 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.console import Group
from rich.table import Table
from rich.text import Text

from crawlbench.probe.findings import Support
from crawlbench.probe.tables import (
    ThemeTable,
    about_lines,
    count_rows,
    probed_loops,
    reason_rows,
    theme_tables,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

    from crawlbench.probe.findings import Report

STYLES = {
    Support.WORKS: "green",
    Support.NOT_IMPLEMENTED: "yellow",
    Support.WRONG: "red",
    Support.CRASHES: "bold red",
    Support.HANGS: "bold red",
    Support.NOT_HERE: "dim",
}
PROBE_COLUMNS = 30
"""Columns of a terminal that the longest name of a probe takes."""
LOOP_COLUMNS = len(Support.NOT_IMPLEMENTED) + 1


def render_terminal(report: Report, width: int) -> Group:
    """Return a table for each theme, in parts if the terminal is too narrow for all loops."""
    parts: list[RenderableType] = []
    for names in _side_by_side([loop.name for loop in probed_loops(report)], width):
        for themed in theme_tables(report, names):
            parts += [_render_theme(themed), Text()]
    return Group(*parts, _render_counts(report), Text(), _render_reasons(report))


def _side_by_side(names: list[str], width: int) -> list[tuple[str, ...]]:
    """Return the names in groups whose columns fit beside the probes, at least one in each."""
    groups: list[tuple[str, ...]] = []
    left = 0
    for name in names:
        columns = max(LOOP_COLUMNS, cell_len(name) + 1)
        if columns > left:
            groups.append(())
            left = width - PROBE_COLUMNS
        groups[-1] += (name,)
        left -= columns
    return groups


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False)


def _render_theme(themed: ThemeTable) -> Table:
    table = _table()
    table.add_column(
        Text(themed.theme, overflow="fold"), overflow="fold", min_width=PROBE_COLUMNS - 1
    )
    for loop in themed.loops:
        table.add_column(Text(loop, overflow="fold"), overflow="fold", min_width=LOOP_COLUMNS - 1)
    for row in themed.rows:
        cells = [
            Text(word, style=STYLES[support] if support else "dim")
            for word, support in zip(row.words, row.supports, strict=True)
        ]
        table.add_row(Text(row.probe), *cells)
    return table


def _render_counts(report: Report) -> Table:
    table = _table()
    table.add_column("loop", overflow="fold")
    for support in Support:
        table.add_column(support, justify="right")
    for name, *counts in count_rows(report):
        cells = [
            Text(count, style="dim" if count == "0" else STYLES[support])
            for support, count in zip(Support, counts, strict=True)
        ]
        table.add_row(Text(name), *cells)
    return table


def _render_reasons(report: Report) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for support, text in reason_rows(report):
        grid.add_row(Text(support, style=STYLES[support]), Text(text))
    for label, text in about_lines(report):
        grid.add_row(Text(label, style="dim", overflow="fold"), Text(text))
    return grid
