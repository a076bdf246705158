"""Gates as options name them, such as `slower:5%` (floor 5)."""

from __future__ import annotations

import math
import re
from typing import Annotated

import typer

from crawlbench.errors import UsageError

__all__ = ["FailOn", "parse_gate"]

FailOn = Annotated[str | None, typer.Option("--fail-on", help="Gate: slower, or slower:PERCENT%.")]
_GATE = re.compile(r"slower(?::(?P<percent>\d+(?:\.\d+)?)%)?")


def parse_gate(fail_on: str | None, margin: float) -> float | None:
    """Return the log ratio of a gate such as `slower:5%`, or None if there is no gate."""
    if fail_on is None:
        return None
    match = _GATE.fullmatch(fail_on)
    if match is None:
        raise UsageError(f"--fail-on {fail_on!r} is no gate; one looks like slower or slower:5%")
    return math.log1p(float(match["percent"]) / 100) if match["percent"] else margin
