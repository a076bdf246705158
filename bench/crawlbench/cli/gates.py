"""Gates as options name them, such as `slower:5%` and `cpu-slower:5%` (floor 5)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated

import typer

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Quantity
from crawlbench.cli.options import RESULT

__all__ = ["AskedGate", "FailOn", "parse_gate"]

FailOn = Annotated[
    str | None,
    typer.Option(
        "--fail-on",
        help="Fail if head is slower: slower, slower:PERCENT% or cpu-slower:PERCENT%.",
        rich_help_panel=RESULT,
    ),
]
_GATE = re.compile(r"(?P<cpu>cpu-)?slower(?::(?P<percent>\d+(?:\.\d+)?)%)?")


@dataclass(frozen=True, slots=True)
class AskedGate:
    """What a script asks."""

    quantity: Quantity
    bound: float
    """Log ratio that must not be reached."""


def parse_gate(fail_on: str | None, margin: float) -> AskedGate | None:
    """Return a gate such as `slower:5%`, or None if there is none.

    Args:
        fail_on: as it was typed.
        margin: log ratio of a gate that names no percentage.

    Raises:
        UsageError: that is no gate.
    """
    if fail_on is None:
        return None
    match = _GATE.fullmatch(fail_on)
    if match is None:
        raise UsageError(
            f"--fail-on {fail_on!r} is no gate; one looks like slower, slower:5% or cpu-slower:5%"
        )
    bound = math.log1p(float(match["percent"]) / 100) if match["percent"] else margin
    return AskedGate(Quantity.CPU if match["cpu"] else Quantity.TIME, bound)
