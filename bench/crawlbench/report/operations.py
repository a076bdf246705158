"""The tables of event loops' operations, and the notes under them (floor 3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity
from crawlbench.base.text import one_line
from crawlbench.report.numbers import (
    format_count,
    format_part,
    format_seconds,
    format_size,
)
from crawlbench.report.table import Column, Table, columns_of
from crawlbench.report.tables import CPU, ratio_of, verdict_cell
from crawlbench.report.view import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.base.records import OperationFacts
    from crawlbench.report.view import Row, SessionView

_COLUMNS = columns_of(
    "operation, loop, each:, ratio:, interval, verdict, CPU ratio, per second:, counts, CPU:, "
    "peer:, measured"
)
MAIN = ("operation", "loop", "each", "ratio", "interval", "verdict")
"""Headers of what most people look for."""
MEASURED = ("operation", "loop", "measured")
"""Headers of what some operations measure besides their time."""

MAX_NAMED = 4
"""Most operations to name whose control differs."""

READING = (
    "each is the time for one of what an operation counts, and CPU is the event loop's own part of "
    "it; peer is the share of the time in which the other process was busy: a peer that echoes "
    "works while the loop waits, and one near 100 % sets the pace."
)


def themes_of(view: SessionView) -> dict[str, list[OperationFacts]]:
    """Return the operations of each theme, in the order of the plan."""
    themes: dict[str, list[OperationFacts]] = {}
    for facts in view.plan.operations:
        themes.setdefault(facts.theme, []).append(facts)
    return themes


def rows_of(view: SessionView) -> dict[str, list[Row]]:
    """Return each operation's rows, its group's baseline first, without the twin."""
    found: dict[str, list[Row]] = {facts.name: [] for facts in view.plan.operations}
    places = {cell.name: place for place, cell in enumerate(view.plan.cells)}
    for group in view.operations:
        rows = [row for row in group.rows if row.role is not Role.CONTROL]
        rows.sort(key=lambda row: (row.role is not Role.BASELINE, places[row.cell.name]))
        found[group.rows[0].cell.operation] += rows
    return found


def operation_tables(view: SessionView) -> list[Table]:
    """Return one table per theme."""
    rows = rows_of(view)
    tables = [
        Table(
            one_line(f"Event loops: {theme}"),
            _COLUMNS,
            tuple(_row(facts, row) for facts in operations for row in rows[facts.name]),
        )
        for theme, operations in themes_of(view).items()
    ]
    return tables if Quantity.CPU in view.quantities else [table.drop(CPU) for table in tables]


def matrix_tables(view: SessionView) -> list[Table]:
    """Return one table per theme with a row per operation and a column per event loop.

    The field of the first loop is its time. The others show the ratio to it, with a question mark
    where it is unclear, or the reason why there is none.
    """
    return [
        Table(table.title, _matrix_columns(view), tuple(_matrix_rows(view, table)))
        for table in operation_tables(view)
    ]


def _loops(view: SessionView) -> list[str]:
    rows = (row for found in rows_of(view).values() for row in found)
    return list(dict.fromkeys(one_line(row.cell.loop_name) for row in rows))


def _matrix_columns(view: SessionView) -> tuple[Column, ...]:
    first, *others = _loops(view)
    return (
        Column("operation"),
        Column(f"{first}, each", is_number=True),
        *(Column(loop, is_number=True) for loop in others),
    )


def _matrix_rows(view: SessionView, table: Table) -> Iterator[tuple[str, ...]]:
    found: dict[str, dict[str, str]] = {}
    for operation, loop, each, ratio, _, verdict in table.pick(MAIN).rows:
        if verdict == "baseline":
            text = each
        elif ratio == "-":
            text = "?" if verdict == "unclear" else verdict
        else:
            text = f"{ratio} ?" if verdict == "unclear" else ratio
        found.setdefault(operation, {})[loop] = text
    loops = _loops(view)
    for operation, fields in found.items():
        yield (operation, *(fields.get(loop, "-") for loop in loops))


def measured_table(table: Table) -> Table | None:
    """Return what operations measured besides their time; None if none in a table did."""
    picked = table.pick(MEASURED, title="")
    rows = tuple(row for row in picked.rows if row[-1])
    return Table("", picked.columns, rows) if rows else None


def _row(facts: OperationFacts, row: Row) -> tuple[str, ...]:
    ratio, summary = ratio_of(row), row.summary
    head = (one_line(facts.name), one_line(row.cell.loop_name))
    if summary is None or row.failure:
        return (*head, "-", "-", "-", ratio.verdict, "-", "-", one_line(facts.counts), "-", "-", "")
    error = summary.seconds_error
    return (
        *head,
        format_seconds(summary.seconds / facts.n, error and error / facts.n),
        *(ratio.text, ratio.interval, ratio.verdict),
        verdict_cell(row),
        format_count(summary.per_s),
        one_line(facts.counts),
        format_part((summary.cpu_user_s + summary.cpu_system_s) / facts.n),
        "-" if facts.peer_is_aside else f"{summary.server_share * 100:.0f} %",
        one_line(", ".join(_figure(*figure) for figure in summary.figures.items())),
    )


def _figure(name: str, value: float) -> str:
    """Return what an operation measured besides its time; the name ends with the unit."""
    noun, _, unit = name.rpartition("_")
    if unit != "s":
        return f"{name.replace('_', ' ')} {value:.3g}"
    return f"{noun.replace('_', ' ')} {format_part(value)}"


def control_notes(view: SessionView) -> Iterator[tuple[str, str]]:
    """Yield what the controls of all operations say together: where equal things differ."""
    controls = [group.controls[Quantity.TIME] for group in view.operations if group.controls]
    if not controls:
        return
    apart = sorted((c for c in controls if c.widening), key=lambda c: -c.widening)
    text = (
        f"{len(controls)} operations, each with a control that runs the same code as its baseline: "
    )
    if not apart:
        yield "control", text + "in none do the two differ"
        return
    named = ", ".join(f"{c.group} by {format_size(c.widening)}" for c in apart[:MAX_NAMED])
    more = f" and {len(apart) - MAX_NAMED} more" if len(apart) > MAX_NAMED else ""
    yield (
        "control",
        f"{text}in {len(apart)} they differ ({named}{more}), so their intervals were widened by as "
        "much",
    )


def refusal_notes(view: SessionView) -> Iterator[tuple[str, str]]:
    """Yield what each event loop says that it does not support."""
    refused: dict[str, list[str]] = {}
    for name, failure in view.failures.items():
        cell = view.rows[name].cell
        # The twin runs the same loop, and refuses what its baseline does.
        if failure.is_refusal and not cell.control:
            refused.setdefault(cell.loop_name, []).append(cell.operation)
    for loop, names in refused.items():
        yield "not supported", f"{loop}: {', '.join(names)}"
