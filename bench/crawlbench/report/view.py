"""A judged session, indexed once for everything that shows it (floor 3; pure).

Terminal, Markdown, page, charts, live display and exports all take their rows, pairs and controls
from here, so that they say the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity, Verdict
from crawlbench.report.names import (
    find_differences,
    full_name,
    name_place,
    name_work,
    unlike,
)
from crawlbench.stats.limit import REFERENCE
from crawlbench.stats.rounds import expect_full_s

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crawlbench.base.records import (
        Cell,
        Comparison,
        Control,
        Failure,
        LongForm,
        OperationFacts,
        Session,
        Summary,
    )

_TURNED = {Verdict.FASTER: Verdict.SLOWER, Verdict.SLOWER: Verdict.FASTER}


class Role(StrEnum):
    """What a cell is in its group."""

    CONTESTANT = "contestant"
    BASELINE = "baseline"
    CONTROL = "control"
    REFERENCE = "reference"
    """Neither compared nor compared with, such as the raw socket."""


@dataclass(frozen=True, slots=True)
class Row:
    """One cell and everything that was found about it."""

    cell: Cell
    role: Role
    work: str
    """Its name without the event loop."""
    name: str
    """Short; two cells of a group may share it."""
    label: str
    """The short name, made unique in the group."""
    summary: Summary | None
    failure: Failure | None
    found: dict[Quantity, Comparison]
    """Its comparison with the group's baseline, by each quantity."""
    controls: dict[Quantity, Control]
    """The group's controls; empty unless this row is the control."""
    leading: Quantity = Quantity.TIME
    """The quantity that orders its group: per page if two lengths were measured."""

    @property
    def leading_s(self) -> float | None:
        """The seconds by which its group is ordered; None if there are none."""
        return _leading_s(self.summary, self.leading) if self.summary else None

    @property
    def state(self) -> str:
        """The verdict by the leading quantity, or what takes its place."""
        if self.failure:
            return str(Verdict.UNSUPPORTED if self.failure.is_refusal else Verdict.INVALID)
        if self.summary is None:
            return "no values"
        if self.role is Role.CONTESTANT:
            found = self.found.get(self.leading)
            return str(found.verdict if found else Role.REFERENCE)
        return str(self.role)


@dataclass(frozen=True, slots=True)
class GroupView:
    """The cells that are compared with each other."""

    name: str
    place: str
    """What to call it in a sentence."""
    baseline: str
    rows: tuple[Row, ...]
    """The fastest first, which is also the order of ratios; those without values follow, and
    invalid ones come last."""
    pairs: dict[Quantity, tuple[Comparison, ...]]
    """All pairs that were judged, by the quantities that were measured."""
    controls: dict[Quantity, Control]
    _index: dict[tuple[Quantity, str, str], Comparison]
    leading: Quantity = Quantity.TIME
    """The quantity that orders its rows."""
    form: LongForm | None = None
    """The longer sites that its cells crawled as well; None where one length was measured."""

    @property
    def is_operation(self) -> bool:
        """Whether it belongs to an operation rather than a crawl."""
        return bool(self.rows[0].cell.operation)

    @property
    def contestants(self) -> tuple[Row, ...]:
        """The baseline and those compared with it, valid and with values, the fastest first."""
        return tuple(
            row
            for row in self.rows
            if (row.role is Role.BASELINE or row.found) and row.summary and not row.failure
        )

    @property
    def base(self) -> Row | None:
        """The row of the baseline."""
        return next((row for row in self.rows if row.cell.name == self.baseline), None)

    def compare(self, cell: str, other: str, quantity: Quantity | None = None) -> Comparison | None:
        """Return how one cell compares with another, whichever way round they were judged."""
        found = self.pair(cell, other, quantity)
        return reverse(found) if found and found.cell != cell else found

    def pair(self, cell: str, other: str, quantity: Quantity | None = None) -> Comparison | None:
        """Return the comparison of two cells as it was judged: the earlier one is the base."""
        quantity = quantity or self.leading
        found = self._index.get((quantity, cell, other))
        return found or self._index.get((quantity, other, cell))


class SessionView:
    """A session and its index."""

    def __init__(
        self, session: Session, folder: Path | str | None = None, bundled: str | None = None
    ) -> None:
        """Index a judged session; `folder`, if it is known, is where commands find it.

        Of a bundle that is its file, which no command continues; `bundled` is what repeats it.
        """
        self.session = session
        self.plan = session.plan
        self.folder = folder
        self.bundled = bundled
        self.failures: dict[str, Failure] = {}
        self.cells = self.plan.own_cells
        planned = {cell.name for cell in self.cells}
        for failure in session.failures:
            # A long form has no row of its own: where it fails, the row beside it has no verdict
            # per page (`stats/lengths.py`).
            if failure.cell in planned:
                self.failures.setdefault(failure.cell, failure)
        self.summaries = {summary.cell: summary for summary in session.summaries}
        sites = {cell.site for cell in self.cells if cell.site}
        self.is_one_site = len(sites) <= 1
        self.groups = self._make_groups()
        self.rows = {row.cell.name: row for group in self.groups.values() for row in group.rows}

    @property
    def crawls(self) -> list[GroupView]:
        """The groups of sites on networks, in the order of the plan."""
        return [group for group in self.groups.values() if not group.is_operation]

    @property
    def operations(self) -> list[GroupView]:
        """The groups of event loops' operations."""
        return [group for group in self.groups.values() if group.is_operation]

    @cached_property
    def round_s(self) -> float | None:
        """Seconds that one more round takes in which all take part; None before the first."""
        return expect_full_s(self.session)

    @property
    def quantities(self) -> list[Quantity]:
        """The quantities that were judged."""
        found = {one.quantity for one in self.session.comparisons}
        return [quantity for quantity in Quantity if quantity in found]

    def comparisons(self) -> list[Comparison]:
        """Return the verdicts against baselines by the leading quantity, in the plan's order."""
        rows = (self.rows[cell.name] for cell in self.cells)
        return [row.found[row.leading] for row in rows if row.leading in row.found]

    def facts(self, group: GroupView) -> OperationFacts | None:
        """Return what is known about a group's operation; None for crawls."""
        return self.plan.operation(group.rows[0].cell)

    def _make_groups(self) -> dict[str, GroupView]:
        cells: dict[str, list[Cell]] = {}
        for cell in self.cells:
            cells.setdefault(cell.group, []).append(cell)
        places = {cell.name: cell.group for cell in self.cells}
        pairs: dict[str, dict[Quantity, list[Comparison]]] = {name: {} for name in cells}
        for one in (one for one in self.session.comparisons if one.cell in places):
            pairs[places[one.cell]].setdefault(one.quantity, []).append(one)
        controls: dict[str, dict[Quantity, Control]] = {}
        for control in self.session.controls:
            controls.setdefault(control.group, {})[control.quantity] = control
        return {
            name: self._make_group(name, members, pairs[name], controls.get(name, {}))
            for name, members in cells.items()
        }

    def _make_group(
        self,
        name: str,
        cells: Sequence[Cell],
        pairs: dict[Quantity, list[Comparison]],
        controls: dict[Quantity, Control],
    ) -> GroupView:
        baseline, leading = self.plan.baselines.get(name, ""), self.plan.leading(name)
        index = {
            (quantity, one.cell, one.baseline): one
            for quantity, found in pairs.items()
            for one in found
        }
        ordered = sorted(cells, key=self._order)
        differences = find_differences(cells)
        names = [full_name(cell, differences) for cell in ordered]
        rows = tuple(
            Row(
                cell=cell,
                role=_role(cell, baseline),
                work=name_work(cell, differences),
                name=short,
                label=label,
                summary=self.summaries.get(cell.name),
                failure=self.failures.get(cell.name),
                found={
                    quantity: index[quantity, cell.name, baseline]
                    for quantity in pairs
                    if (quantity, cell.name, baseline) in index
                },
                controls=controls if cell.control else {},
                leading=leading,
            )
            for cell, short, label in zip(ordered, names, unlike(names), strict=True)
        )
        whole = {quantity: tuple(found) for quantity, found in pairs.items()}
        place = name_place(cells[0], is_one_site=self.is_one_site)
        form = self.plan.long_forms.get(name)
        return GroupView(name, place, baseline, rows, whole, controls, index, leading, form)

    def _order(self, cell: Cell) -> tuple[bool, float]:
        summary = self.summaries.get(cell.name)
        if summary is None:
            return cell.name in self.failures, float("inf")
        seconds = _leading_s(summary, self.plan.leading(cell.group))
        return cell.name in self.failures, float("inf") if seconds is None else seconds


def _leading_s(summary: Summary, leading: Quantity) -> float | None:
    return summary.per_page_s if leading is Quantity.PAGE else summary.seconds


def reverse(found: Comparison) -> Comparison:
    """Return the same comparison with its sides exchanged."""
    return replace(
        found,
        cell=found.baseline,
        baseline=found.cell,
        estimate=_negate(found.estimate),
        low=_negate(found.high),
        high=_negate(found.low),
        verdict=_TURNED.get(found.verdict, found.verdict),
        excess=-found.excess,
        means_high=None,  # the other end is not known
        doubts=tuple(
            replace(
                one, cell_share=one.baseline_share, baseline_share=one.cell_share, shift=-one.shift
            )
            for one in found.doubts
        ),
    )


def _negate(value: float | None) -> float | None:
    return None if value is None else -value


def _role(cell: Cell, baseline: str) -> Role:
    if cell.control:
        return Role.CONTROL
    if cell.name == baseline:
        return Role.BASELINE
    return Role.REFERENCE if cell.strategy == REFERENCE else Role.CONTESTANT
