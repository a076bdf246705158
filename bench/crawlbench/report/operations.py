"""The tables of event loops' operations, and the notes under them (floor 3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.report.numbers import (
    WIDEST,
    format_count,
    format_interval,
    format_part,
    format_percent,
    format_seconds,
)
from crawlbench.report.table import Column, Table
from crawlbench.report.tables import ratio_of
from crawlbench.report.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.records import Cell, OperationFacts, Session

__all__ = [
    "MAIN",
    "READING",
    "cells_of",
    "matrix_tables",
    "measured_table",
    "noise_notes",
    "operation_tables",
    "refusal_notes",
    "themes_of",
]

_COLUMNS = (
    Column("operation"),
    Column("loop"),
    Column("each", is_number=True),
    Column("ratio", is_number=True),
    Column("interval"),
    Column("verdict"),
    Column("per second", is_number=True),
    Column("counts"),
    Column("CPU", is_number=True),
    Column("peer", is_number=True),
    Column("measured"),
)
MAIN = ("operation", "loop", "each", "ratio", "interval", "verdict")
"""Headers of what most people look for."""
MEASURED = ("operation", "loop", "measured")
"""Headers of what some operations measure besides their time."""

READING = (
    "each is the time of one of what an operation counts, CPU the event loop's own part of it; "
    "peer is the share of the time in which the other process was busy: one that echoes works "
    "while the loop waits, one near 100 % sets the pace."
)


def themes_of(session: Session) -> dict[str, list[OperationFacts]]:
    """Return the operations of each theme, in the order of the plan."""
    themes: dict[str, list[OperationFacts]] = {}
    for facts in session.plan.operations:
        themes.setdefault(facts.theme, []).append(facts)
    return themes


def cells_of(session: Session, facts: OperationFacts) -> list[Cell]:
    """Return an operation's cells, each group's baseline first, without its twin."""
    baselines = session.plan.baselines
    cells = [c for c in session.plan.cells if c.operation == facts.name and not c.control]
    groups = list(dict.fromkeys(cell.group for cell in cells))
    return sorted(cells, key=lambda c: (groups.index(c.group), c.name != baselines[c.group]))


def operation_tables(session: Session) -> list[Table]:
    """Return one table per theme."""
    return [
        Table(
            one_line(f"Event loops: {theme}"),
            _COLUMNS,
            tuple(
                _row(session, facts, cell)
                for facts in operations
                for cell in cells_of(session, facts)
            ),
        )
        for theme, operations in themes_of(session).items()
    ]


def matrix_tables(session: Session) -> list[Table]:
    """Return one table per theme with a row per operation and a column per event loop.

    The first loop's field is its time; the others' the ratio to it, with a question mark where it
    is unclear, or why there is none.
    """
    return [
        Table(table.title, _matrix_columns(session), tuple(_matrix_rows(session, table)))
        for table in operation_tables(session)
    ]


def _loops(session: Session) -> list[str]:
    cells = [cell for facts in session.plan.operations for cell in cells_of(session, facts)]
    return list(dict.fromkeys(one_line(cell.loop_name) for cell in cells))


def _matrix_columns(session: Session) -> tuple[Column, ...]:
    first, *others = _loops(session)
    return (
        Column("operation"),
        Column(f"{first}, each", is_number=True),
        *(Column(loop, is_number=True) for loop in others),
    )


def _matrix_rows(session: Session, table: Table) -> Iterator[tuple[str, ...]]:
    found: dict[str, dict[str, str]] = {}
    for operation, loop, each, ratio, _, verdict in table.pick(MAIN).rows:
        if verdict == "baseline":
            text = each
        elif ratio == "-":
            text = "?" if verdict == "unclear" else verdict
        else:
            text = f"{ratio} ?" if verdict == "unclear" else ratio
        found.setdefault(operation, {})[loop] = text
    for operation, fields in found.items():
        yield (operation, *(fields.get(loop, "-") for loop in _loops(session)))


def measured_table(table: Table) -> Table | None:
    """Return what operations measured besides their time; None if none of a table did."""
    picked = table.pick(MEASURED, title="")
    rows = tuple(row for row in picked.rows if row[-1])
    return Table("", picked.columns, rows) if rows else None


def _row(session: Session, facts: OperationFacts, cell: Cell) -> tuple[str, ...]:
    ratio = ratio_of(session, cell)
    head = (one_line(facts.name), one_line(cell.loop_name))
    summary = next((s for s in session.summaries if s.cell == cell.name), None)
    if summary is None:
        return (*head, "-", "-", "-", ratio.verdict, "-", one_line(facts.counts), "-", "-", "")
    error = summary.seconds_error
    return (
        *head,
        format_seconds(summary.seconds / facts.n, error and error / facts.n),
        *(ratio.text, ratio.interval, ratio.verdict),
        format_count(summary.per_s),
        one_line(facts.counts),
        format_part((summary.cpu_user_s + summary.cpu_system_s) / facts.n),
        "-" if facts.peer_is_aside else f"{summary.server_share * 100:.0f} %",
        one_line(", ".join(_figure(*figure) for figure in summary.figures.items())),
    )


def _figure(name: str, value: float) -> str:
    """Return what an operation measured beside its time; its name ends with its unit."""
    noun, _, unit = name.rpartition("_")
    if unit != "s":
        return f"{name.replace('_', ' ')} {value:.3g}"
    sign = "-" if value < 0 else ""
    return f"{noun.replace('_', ' ')} {sign}{format_part(abs(value))}"


def noise_notes(session: Session) -> Iterator[tuple[str, str]]:
    """Yield what the controls of all operations say together."""
    names = {cell.group for cell in session.plan.cells if cell.operation}
    floors = [floor for floor in session.noise if floor.group in names]
    usable = [(f.margin, f.group) for f in floors if f.margin is not None and not f.refusal]
    if not floors:
        return
    text = f"{len(floors)} operations, each with a control equal to its baseline"
    if usable:
        least, most = min(usable), max(usable)
        widest = format_percent(most[0]) if most[0] <= WIDEST else "more than tenfold"
        text += (
            f": differences up to {format_percent(least[0])} ({least[1]}) to {widest} ({most[1]}) "
            "are called none"
        )
    yield "noise", text
    for floor in floors:
        if floor.refusal or floor.margin is None:
            shown = ""
            if floor.low is not None and floor.high is not None:
                shown = f" (control at {format_interval(floor.low, floor.high)})"
            yield "noise", f"{floor.group}: {floor.refusal or 'its control is invalid'}{shown}"


def refusal_notes(session: Session) -> Iterator[tuple[str, str]]:
    """Yield what each event loop says that it does not have."""
    cells = {cell.name: cell for cell in session.plan.cells}
    refused: dict[str, list[str]] = {}
    for failure in (failure for failure in session.failures if failure.is_refusal):
        cell = cells[failure.cell]
        if not cell.control:
            refused.setdefault(cell.loop_name, []).append(cell.operation)
    for loop, names in refused.items():
        yield "not supported", f"{loop}: {', '.join(names)}"
