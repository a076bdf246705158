"""The option that names a gate, such as `slower:5%` and `page-slower:5%` (floor 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from crawlbench.cli.options import RESULT
from crawlbench.stats.bound import read_bound

if TYPE_CHECKING:
    from crawlbench.stats.bound import Bound

__all__ = ["FailOn", "parse_gate"]

FailOn = Annotated[
    str | None,
    typer.Option(
        "--fail-on",
        help="Fail if head is slower: slower or cpu-slower; with two lengths page-slower, "
        "cpu-page-slower; each with :PERCENT%, or begin-slower:MILLISECONDSms.",
        rich_help_panel=RESULT,
    ),
]


def parse_gate(fail_on: str | None, margin: float) -> Bound | None:
    """Return what a gate asks, or None if there is none.

    Args:
        fail_on: as it was typed.
        margin: log ratio of a gate that names no percentage.

    Raises:
        UsageError: that is no gate.
    """
    return None if fail_on is None else read_bound(fail_on, margin)
