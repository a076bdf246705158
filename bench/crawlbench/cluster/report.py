"""A session on many machines, in every format (floor 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.console import Group

from crawlbench.base.records import Quantity, Verdict
from crawlbench.base.text import count_of, one_line
from crawlbench.cluster.records import ClusterEnding
from crawlbench.report.markdown import render_parts
from crawlbench.report.measures import mention
from crawlbench.report.names import short_name
from crawlbench.report.numbers import format_interval, format_percent, format_ratio
from crawlbench.report.rendering import Shown
from crawlbench.report.table import Table, columns_of
from crawlbench.report.terminal import Detail, render_notes, titled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from crawlbench.base.records import Cell
    from crawlbench.cluster.records import ClusterSession, MergedComparison
    from crawlbench.report.notes import Note

_COLUMNS = columns_of("cell, ratio:, interval, verdict, holds on:, spread:, one more machine")
_KINDS = columns_of("cell, kind of machine, machines:, ratio:, interval, verdict")
SHORT = ("cell", "ratio", "interval", "verdict", "holds on", "spread")
WIDE = 100
"""Width of a terminal from which all columns of a table are shown."""
MAX_ROWS = 200
"""Most rows of a table; `cluster.json` has all."""
MAX_NOTES = 12
"""Most notes with one label; `cluster.json` has all."""


@dataclass(frozen=True, slots=True)
class ClusterReport(Shown):
    """A session on a cluster; each machine's own session has its own folder and report."""

    no_picture: ClassVar[str] = (
        "a session on a cluster has neither page nor picture; --format terminal or markdown shows "
        "it, and a machine's own session has both: crawlbench report FOLDER/machines/NAME"
    )

    session: ClusterSession

    def terminal(
        self,
        width: int,
        *,
        is_ascii: bool,  # noqa: ARG002  (there are no bars)
        detail: Detail = Detail.USUAL,  # noqa: ARG002  (there are no details)
    ) -> Group:
        """Return tables and notes."""
        lines: list[RenderableType] = []
        for table in self._tables():
            shown = table if width >= WIDE or table.columns != _COLUMNS else table.pick(SHORT)
            lines += titled(shown, width)
        return Group(*lines, render_notes(find_notes(self.session)))

    def markdown(self) -> str:
        """Return tables and notes."""
        return render_parts(self._tables(), find_notes(self.session))

    def _tables(self) -> list[Table]:
        kinds = [kind_table(self.session, quantity) for quantity in Quantity]
        return [*merged_tables(self.session), *filter(None, kinds)]


def merged_tables(session: ClusterSession) -> list[Table]:
    """Return a table for each site, network and quantity, and one for all operations.

    The fastest is first in each.
    """
    cells = {cell.name: cell for cell in session.plan.cells}
    found: dict[str, dict[Quantity, list[MergedComparison]]] = {}
    for one in session.comparisons:
        by_quantity = found.setdefault(_title(cells[one.cell]), {})
        by_quantity.setdefault(one.quantity, []).append(one)
    return [
        _table(title + mention(quantity, ", {}"), several, cells)
        for title, by_quantity in found.items()
        for quantity, several in by_quantity.items()
    ]


def _title(cell: Cell) -> str:
    return "operations" if cell.operation else f"{cell.site} on {cell.network}"


def _table(title: str, found: Sequence[MergedComparison], cells: dict[str, Cell]) -> Table:
    ordered = sorted(found, key=lambda one: math.inf if one.estimate is None else one.estimate)
    shown = ordered[:MAX_ROWS]
    family = [cells[one.cell] for one in found]
    rows = tuple((_name(cells[one.cell], family), *_row(one)) for one in shown)
    more = f": {len(shown)} of {len(found)} rows" if len(shown) < len(found) else ""
    return Table(one_line(f"{title}, over machines{more}"), _COLUMNS, rows)


def _name(cell: Cell, cells: Sequence[Cell]) -> str:
    return one_line(cell.name) if cell.operation else short_name(cell, cells)


def _row(found: MergedComparison) -> tuple[str, ...]:
    if found.estimate is None or found.low is None or found.high is None:
        return ("-", "-", str(found.verdict), "-", "-", "-")
    new = "-"
    if found.new_low is not None and found.new_high is not None:
        new = format_interval(found.new_low, found.new_high)
    return (
        format_ratio(found.estimate, found.low, found.high),
        format_interval(found.low, found.high),
        str(found.verdict),
        "-" if found.verdict is Verdict.UNCLEAR else f"{found.holds_on} of {found.machines}",
        "-" if found.spread is None else format_percent(found.spread),
        new,
    )


def kind_table(session: ClusterSession, quantity: Quantity = Quantity.TIME) -> Table | None:
    """Return what each kind of machine says about each cell, or None if there is only one kind."""
    cells = {cell.name: cell for cell in session.plan.cells}
    comparisons = [found for found in session.comparisons if found.quantity is quantity]
    family = [cells[found.cell] for found in comparisons]
    rows = tuple(
        (
            _name(cells[found.cell], family),
            one_line(kind.kind),
            str(kind.machines),
            format_ratio(kind.estimate, kind.low, kind.high),
            format_interval(kind.low, kind.high),
            str(kind.verdict),
        )
        for found in comparisons
        for kind in found.kinds
    )
    if not rows:
        return None
    more = f": {MAX_ROWS} of {len(rows)} rows" if len(rows) > MAX_ROWS else ""
    return Table(f"by kind of machine{mention(quantity, ', {}')}{more}", _KINDS, rows[:MAX_ROWS])


def tell_machines(found: MergedComparison) -> str:
    """Say on how many machines a verdict holds, and on which it does not."""
    parts = [f"{found.verdict} over all"]
    silent = found.machines - found.holds_on - found.against_on
    if found.verdict is not Verdict.UNCLEAR:
        among = count_of(found.machines, "machine")
        parts = [f"{found.verdict}: holds on {found.holds_on} of {among}"]
        parts[0] += f", unclear on {silent}" if silent else ""
    by_verdict: dict[str, list[str]] = {}
    for name, verdict in found.against.items():
        by_verdict.setdefault(verdict, []).append(name)
    parts += [f"{verdict} on {', '.join(names)}" for verdict, names in by_verdict.items()]
    # Of many machines `against` names only the first few.
    hidden = found.against_on - len(found.against)
    return "; ".join(parts) + (f" and {hidden} more" if hidden else "")


def find_notes(session: ClusterSession) -> list[Note]:
    """Return the notes under the tables, each with its label."""
    return [
        *_first("invalid", _failing(session), "machine"),
        *_first("machines differ", _differing(session), "cell"),
        *_first("no verdict", _unmeasured(session), "cell"),
        *_first("left out", _left_out(session), "machine"),
        *_first("lost", _lost(session), "block"),
        *_first("noise", _noise(session), "group"),
        *(("warning", text) for text in session.notes),
        *_first("machine", _machines(session), "machine"),
        ("session", _session(session)),
    ]


def _first(label: str, texts: Iterator[str], noun: str) -> list[Note]:
    found = list(texts)
    notes = [(label, text) for text in found[:MAX_NOTES]]
    if len(found) > MAX_NOTES:
        notes.append(
            (label, f"{count_of(len(found) - MAX_NOTES, f'more {noun}')}; cluster.json has all")
        )
    return notes


def _failing(session: ClusterSession) -> Iterator[str]:
    for name, count in session.failures.items():
        yield one_line(f"{count} cell{'s are' if count > 1 else ' is'} invalid on {name}")


def _differing(session: ClusterSession) -> Iterator[str]:
    for found in session.comparisons:
        if found.against_on:
            yield f"{found.cell}{mention(found.quantity, ', {}')}: {tell_machines(found)}"


def _unmeasured(session: ClusterSession) -> Iterator[str]:
    """Yield why a cell has no verdict, or no number on some machines.

    Once, if the reason is the same by whole crawls and pages.
    """
    told = set()
    for found in session.comparisons:
        reason = "; ".join(filter(None, (found.reason, _tell_without(found))))
        if reason and (found.cell, reason) not in told:
            told.add((found.cell, reason))
            yield f"{found.cell}{mention(found.quantity, ', {}')}: {one_line(reason)}"


def _tell_without(found: MergedComparison) -> str:
    if not found.without_on:
        return ""
    name, why = next(iter(found.without.items()))
    more = f" and {found.without_on - 1} more" if found.without_on > 1 else ""
    return f"without {name}{more}: {why}"


def _left_out(session: ClusterSession) -> Iterator[str]:
    by_machine: dict[str, list[str]] = {}
    for one in session.left_out:
        by_machine.setdefault(one.machine, []).append(
            f"for {one.group}{mention(one.quantity, ', {}')}: {one.reason}"
        )
    for name, reasons in by_machine.items():
        others = count_of(len(reasons) - 1, "more group")
        more = f" (and for {others})" if len(reasons) > 1 else ""
        yield f"{name} is left out {reasons[0]}{more}"


def _lost(session: ClusterSession) -> Iterator[str]:
    for one in session.lost:
        tries = "1 try" if one.tries == 1 else f"{one.tries} tries"
        yield f"a block of sheet {one.sheet} after {tries}: {one_line(one.reason)}"


def _noise(session: ClusterSession) -> Iterator[str]:
    for one in session.noise:
        if one.widening:
            yield (
                f"{one.group}{mention(one.quantity, ', {}')}: the twins, which run the same code, "
                f"differ by {format_percent(one.widening)} on {count_of(one.machines, 'machine')}; "
                "every interval was widened by as much"
            )


def _machines(session: ClusterSession) -> Iterator[str]:
    for one in session.machines:
        machine = one.fingerprint.machine
        yield one_line(f"{one.name}: {one.fingerprint.kind}, {count_of(machine.cpu_count, 'CPU')}")


def _session(session: ClusterSession) -> str:
    plan = session.plan
    ended = {
        ClusterEnding.WHOLE: "all blocks are finished",
        ClusterEnding.INCOMPLETE: "not all blocks could be finished",
        ClusterEnding.SCHEDULER: "the scheduler was lost; --resume continues",
        ClusterEnding.INTERRUPTED: "interrupted; --resume continues",
    }
    return (
        f"{count_of(len(plan.cells), 'cell')} in sheets of at most {session.sheet_cells}, each on "
        f"{count_of(session.copies, 'machine')}, at most {count_of(plan.rounds, 'round')} of "
        f"{count_of(plan.laps, 'lap')}; {count_of(session.blocks, 'block')} in "
        f"{session.seconds:.0f} s; "
        f"{ended.get(session.ending, 'not ended')}; crawlbench {session.tool}, seed {plan.seed}"
    )
