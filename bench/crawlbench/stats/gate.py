"""A gate: what it asks, such as `slower:5%`, and whether changes pass it (floor 2; pure)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.errors import INVALID, SLOWER, UNCLEAR, UsageError
from crawlbench.base.records import Obstacle, Quantity, Verdict
from crawlbench.stats.claims import stays_below
from crawlbench.stats.open_groups import HOPELESS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from crawlbench.stats.change import Change


GATES = {
    "slower": Quantity.TIME,
    "cpu-slower": Quantity.CPU,
    "page-slower": Quantity.PAGE,
    "cpu-page-slower": Quantity.CPU_PAGE,
    "begin-slower": Quantity.BEGIN,
}
"""Names of gates, with the quantity that each checks."""
_GATE = re.compile(r"(?P<name>[a-z-]+)(?::(?P<size>\d+(?:\.\d+)?)(?P<unit>%|ms))?")


@dataclass(frozen=True, slots=True)
class Bound:
    """How much slower is too slow."""

    quantity: Quantity
    size: float
    """Log ratio that must not be reached; for the cost to begin, seconds."""

    @property
    def begin_s(self) -> float | None:
        """The size if it is a cost to begin, else None."""
        return None if self.quantity.has_ratio else self.size

    def require_lengths(self, forms: Collection[str]) -> None:
        """Refuse a gate that needs two lengths if `forms`, the groups that have them, is empty.

        Raises:
            UsageError: the gate needs two lengths, and only one is measured.
        """
        if self.quantity.is_of_lengths and not forms:
            raise UsageError(
                f"a gate on the {self.quantity.words} needs two lengths of a site, and only one "
                "is measured; add a longer one, such as --long-form 'douban-top250/*=douban-x100'"
            )

    def margin(self, usual: float) -> float:
        """Return the log ratio up to which changes do not matter; `usual` if the gate has none."""
        return self.size if self.quantity.has_ratio else usual


def read_bound(text: str, margin: float, name: str = "--fail-on") -> Bound:
    """Return what a gate asks for.

    Args:
        text: such as `page-slower:5%`.
        margin: log ratio for a gate without a percentage.
        name: the option's name, for error messages.

    Raises:
        UsageError: the text is not a gate.
    """
    match = _GATE.fullmatch(str(text))  # from Python it may be anything
    quantity = GATES.get(match["name"]) if match else None
    if match is None or quantity is None:
        raise UsageError(
            f"{name} {text!r} is not a gate; one looks like slower, slower:5% or cpu-slower:5%, "
            "and for two lengths page-slower:5%, cpu-page-slower:5% or begin-slower:2ms"
        )
    if not quantity.has_ratio:
        if match["unit"] != "ms":
            raise UsageError(
                f"{name} {text!r}: what it costs to begin has no ratio; give the limit in "
                "milliseconds, such as begin-slower:2ms"
            )
        return Bound(quantity, float(match["size"]) / 1000)
    if match["unit"] == "ms":
        raise UsageError(
            f"{name} {text!r}: this gate takes a percentage, such as {match['name']}:5%"
        )
    return Bound(quantity, math.log1p(float(match["size"]) / 100) if match["size"] else margin)


@dataclass(frozen=True, slots=True)
class Gate:
    """What a gate found; see `code`."""

    total: int
    slower: int
    """Changes whose whole interval lies beyond the gate in at least one way to see them."""
    invalid: int
    """Cells that fail, and those that only the base has."""
    unclear: int
    """Changes of which an interval reaches the gate, be it that of the means."""
    hopeless: int
    """Changes that can never be judged, however long one measures; they are left out."""
    lost: int = 0
    """The invalid ones that only the base has."""
    remedy: str = "more rounds"
    """What would settle the unclear ones."""

    @property
    def code(self) -> int:
        """Exit code: 0 passed, 1 slower, 3 unclear, 4 something was invalid, or nothing judged."""
        if self.slower:
            return SLOWER
        # Equal also if both are 0: a gate that judged nothing must not pass.
        if self.invalid or self.hopeless == self.total:
            return INVALID
        return UNCLEAR if self.unclear else 0

    @property
    def reason(self) -> str:
        """Why the code is not 0; empty if it is 0."""
        for count, what in (
            (self.slower, "slower beyond the gate"),
            (self.invalid, f"invalid{self._tell_lost()}"),
            (self.unclear, f"unclear: {self.remedy} would settle it"),
        ):
            if count:
                some = f"{count} of {self.total} cells {'is' if count == 1 else 'are'}"
                return f"{'the cell is' if self.total == 1 else some} {what}"
        return "" if self.code == 0 else "nothing that was measured can be judged"

    def _tell_lost(self) -> str:
        """Return how many of the invalid cells the head lacks."""
        if not self.lost:
            return ""
        return f", because the head lacks {'it' if self.invalid == 1 else f'{self.lost} of them'}"


def hold_gate(
    changes: Sequence[Change], gate: float, remedy: str = "more rounds", lost: int = 0
) -> Gate:
    """Check changes against a gate.

    A cell fails if it is slower by one way to see it, and that interval lies beyond the gate; it
    passes if no way's interval reaches the gate, neither that of the typical times nor that of the
    means (`claims.stays_below`).

    Args:
        changes: the changes, all by one quantity.
        gate: log ratio beyond which a change must not lie; for the cost to begin, seconds.
        remedy: what would settle the unclear ones.
        lost: cells with a value in the base that the head lacks, so that they have no change.
    """
    total = len(changes) + lost
    slower = sum(_is_slower(change, gate) for change in changes)
    invalid = lost + sum(_is_invalid(change) for change in changes)
    hopeless = sum(_is_hopeless(change) for change in changes)
    # Each change counts once, or `unclear` would be wrong. In `ab` one that is hopeless, because
    # half of its time is not the client's, may have an interval below the gate.
    passed = sum(_passes(change, gate) and not _is_hopeless(change) for change in changes)
    unclear = total - slower - invalid - hopeless - passed
    return Gate(total, slower, invalid, unclear, hopeless, lost, remedy)


def _is_slower(change: Change, gate: float) -> bool:
    # The interval holds for its own row alone; only the verdict allows for the number of rows.
    return any(way.verdict is Verdict.SLOWER and way.interval.low > gate for way in change.ways)


def _passes(change: Change, gate: float) -> bool:
    return bool(change.ways) and all(
        stays_below(gate, way.interval.high, way.means_high) for way in change.ways
    )


def _is_invalid(change: Change) -> bool:
    """Return whether a cell failed, on either side, or the head lacks what the base has."""
    if change.verdict is Verdict.UNSUPPORTED:
        return change.base_s is not None
    return change.verdict is Verdict.INVALID or change.obstacle is Obstacle.FAILED


def _is_hopeless(change: Change) -> bool:
    is_in_neither = change.verdict is Verdict.UNSUPPORTED and change.base_s is None
    return is_in_neither or change.obstacle in HOPELESS
