"""The table: a row for each cell of each matrix, with its figures (floor 4; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from crawlbench.reference.agreement import Said, find_agreement, said_by
from crawlbench.reference.parts import list_parts
from crawlbench.reference.rows import newest_last
from crawlbench.reference.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from crawlbench.base.records import Session
    from crawlbench.reference.agreement import Band
    from crawlbench.reference.matrix import Matrix, Measured
    from crawlbench.reference.rows import Pairs, Shares, TableRow


@dataclass(frozen=True, slots=True)
class MatrixTable:
    """Everything that the page shows."""

    rows: tuple[TableRow, ...]
    sessions: tuple[Measured, ...]
    shares: tuple[Shares, ...]
    within: tuple[Band, ...]
    """How often sessions of one matrix contradict each other."""
    across: tuple[Band, ...]
    """How often a matrix contradicts the one before it on the same machine and Python."""
    pairs: tuple[Pairs, ...] = ()
    """The pairs of each scenario, from the newest matrix of each machine and Python that has it
    whole."""
    elsewhere: tuple[Band, ...] = ()
    """How often sessions on machines of two makers contradict each other."""


def make_table(
    matrices: Sequence[Matrix], elsewhere: Sequence[tuple[Session, Session]] = ()
) -> MatrixTable:
    """Return the table of all matrices.

    Args:
        matrices: all matrices, the oldest first.
        elsewhere: judged sessions of the same suite on machines of two makers, which show how far
            verdicts hold beyond the machine that gave them.
    """
    sessions = tuple(one for matrix in matrices for one in matrix.sessions)
    places = {one.file: str(place) for place, one in enumerate(sessions)}
    rows: list[TableRow] = []
    shares: list[Shares] = []
    pairs: dict[tuple[str, str], Pairs] = {}
    for matrix in matrices:
        for scenario, (group, members) in _scenarios(matrix).items():
            maker = Scenario(matrix, scenario, group, members, places)
            rows += maker.rows()
            shares.append(maker.shares())
            pairs[matrix.name, scenario] = maker.pairs()
    # The last one of each place stays, which is the newest that is whole.
    newest = {(row.machine, row.python, row.scenario): row.matrix for row in newest_last(rows)}
    within = [
        (said_by(one.session), said_by(two.session))
        for matrix in matrices
        for one, two in combinations(matrix.sessions, 2)
        if one.suite == two.suite
    ]
    return MatrixTable(
        tuple(rows),
        sessions,
        tuple(shares),
        tuple(find_agreement(within)),
        tuple(find_agreement(_neighbours(rows))),
        tuple(pairs[matrix, scenario] for (*_, scenario), matrix in newest.items()),
        tuple(find_agreement([(said_by(one), said_by(two)) for one, two in elsewhere])),
    )


def _neighbours(
    rows: Iterable[TableRow],
) -> Iterator[tuple[dict[Hashable, Said], dict[Hashable, Said]]]:
    """Yield what is said of a cell and its baseline, before and after, wherever both are whole."""
    before: dict[Hashable, dict[Hashable, Said]] = {}
    for row in rows:
        if row.is_whole and row.time and row.time.estimate is not None:
            place = row.machine, row.python, row.key
            now: dict[Hashable, Said] = {row.key: Said(row.time.verdict, row.time.estimate)}
            if place in before:
                yield before[place], now
            before[place] = now


def _scenarios(matrix: Matrix) -> dict[str, tuple[str, list[Measured]]]:
    """Return the group and the sessions of each scenario."""
    found: dict[str, tuple[str, list[Measured]]] = {}
    for measured in matrix.sessions:
        for group in measured.session.plan.baselines:
            name = _name_scenario(measured, group)
            found.setdefault(name, (group, []))[1].append(measured)
    return found


def _name_scenario(measured: Measured, group: str) -> str:
    """Return the name of one group of a session, which says all that its rows have in common.

    What a part measures is fixed (`rules.py`), so that its name needs neither baseline nor number.
    """
    plan = measured.session.plan
    cell = plan.cell(plan.baselines[group])
    name = f"{measured.suite}: {cell.operation or f'{cell.site} on {cell.network}'}"
    if measured.suite in list_parts():
        return name
    way = " on ".join(filter(None, (cell.strategy, cell.event_loop)))
    number = f", {cell.concurrency} at a time" if cell.concurrency else ""
    return f"{name}{number}, against {way}"
