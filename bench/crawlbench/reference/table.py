"""The table: a row for each cell of each matrix, with its figures (floor 4; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from crawlbench.base.records import Verdict
from crawlbench.reference.agreement import Said, find_agreement, said_by
from crawlbench.reference.rows import newest_last
from crawlbench.reference.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from crawlbench.base.records import Session
    from crawlbench.reference.agreement import Band
    from crawlbench.reference.matrix import Matrix, Measured
    from crawlbench.reference.rows import Pairs, Shares, TableRow

__all__ = ["Table", "make_table"]


@dataclass(frozen=True, slots=True)
class Table:
    """Everything that the page shows."""

    rows: tuple[TableRow, ...]
    sessions: tuple[Measured, ...]
    shares: tuple[Shares, ...]
    within: tuple[Band, ...]
    """How often sessions of one matrix contradict each other."""
    across: tuple[Band, ...]
    """How often a matrix contradicts the one before it."""
    pairs: tuple[Pairs, ...] = ()
    """The pairs of each scenario, from the newest matrix of each machine and Python that has it
    whole."""
    elsewhere: tuple[Band, ...] = ()
    """How often sessions on machines of two makers contradict each other."""


def make_table(
    matrices: Sequence[Matrix], elsewhere: Sequence[tuple[Session, Session]] = ()
) -> Table:
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
    newest = {(row.machine, row.python, row.scenario): row.matrix for row in newest_last(rows)}
    within = [
        (said_by(one.session), said_by(two.session))
        for matrix in matrices
        for one, two in combinations(matrix.sessions, 2)
        if one.suite == two.suite
    ]
    return Table(
        tuple(rows),
        sessions,
        tuple(shares),
        tuple(find_agreement(within)),
        tuple(find_agreement(_neighbours(matrices, rows))),
        tuple(pairs[matrix, scenario] for (*_, scenario), matrix in newest.items()),
        tuple(find_agreement([(said_by(one), said_by(two)) for one, two in elsewhere])),
    )


def _neighbours(
    matrices: Sequence[Matrix], rows: Sequence[TableRow]
) -> list[tuple[dict[Hashable, Said], dict[Hashable, Said]]]:
    """Return what each matrix and the one before it say about cells and their baselines."""
    said: dict[str, dict[Hashable, Said]] = {matrix.name: {} for matrix in matrices}
    verdicts = set(Verdict)
    for row in rows:
        if row.time and row.time.estimate is not None and row.verdict in verdicts:
            said[row.matrix][row.key] = Said(Verdict(row.verdict), row.time.estimate)
    return list(pairwise(said.values()))


def _scenarios(matrix: Matrix) -> dict[str, tuple[str, list[Measured]]]:
    """Return the sessions of each scenario: a part's group, at one concurrency and one baseline."""
    found: dict[str, tuple[str, list[Measured]]] = {}
    for measured in matrix.sessions:
        plan = measured.session.plan
        for group, baseline in plan.baselines.items():
            cell = plan.cell(baseline)
            name = f"{measured.suite}: {cell.operation or f'{cell.site} on {cell.network}'}"
            known = found.setdefault(name, (group, []))
            if known[0] == group and _is_alike(measured, known[1], group):
                known[1].append(measured)
    return found


def _is_alike(one: Measured, others: list[Measured], group: str) -> bool:
    """Return whether a session has the same baseline as the first session of its scenario."""
    if not others:
        return True
    mine, first = one.session.plan, others[0].session.plan
    return mine.baselines[group] == first.baselines.get(group)
