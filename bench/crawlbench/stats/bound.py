"""What a gate asks, such as `slower:5%` or `begin-slower:2ms` (floor 2; pure)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Quantity

if TYPE_CHECKING:
    from collections.abc import Collection

GATES = {
    "slower": Quantity.TIME,
    "cpu-slower": Quantity.CPU,
    "page-slower": Quantity.PAGE,
    "cpu-page-slower": Quantity.CPU_PAGE,
    "begin-slower": Quantity.BEGIN,
}
"""Names of gates, with the quantity that each checks."""
NAMES = {
    Quantity.PAGE: "time per page",
    Quantity.CPU_PAGE: "CPU time per page",
    Quantity.BEGIN: "time to begin",
}
"""How to speak of the quantities that need two lengths."""
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
        """Refuse a gate if nothing is measured that it could check.

        Args:
            forms: the groups that are crawled in two lengths.

        Raises:
            UsageError: the gate needs two lengths, and only one is measured.
        """
        if self.quantity.is_of_lengths and not forms:
            raise UsageError(
                f"a gate on the {NAMES[self.quantity]} needs two lengths of a site, and only one "
                "is measured; add a longer one, such as --long-form 'douban-top250/*=douban-x100'"
            )

    def margin(self, usual: float) -> float:
        """Return the log ratio up to which changes do not matter at the gate.

        Args:
            usual: the margin where the gate is not about a ratio.
        """
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
    match = _GATE.fullmatch(text)
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
