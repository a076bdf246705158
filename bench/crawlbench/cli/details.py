"""How much a command shows: `-v`, `-q`, `--no-page` (floor 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from crawlbench.base.errors import UsageError
from crawlbench.report.terminal import Detail

__all__ = ["AS_USUAL", "Page", "Quiet", "Showing", "Verbose", "choose_detail"]

Verbose = Annotated[
    bool,
    typer.Option("-v", "--verbose", help="Show costs, all pairs and all notes as well."),
]
Quiet = Annotated[
    bool, typer.Option("-q", "--quiet", help="Show only the sentences of the answer.")
]
Page = Annotated[
    bool, typer.Option("--page/--no-page", help="Draw report.html at the end, or not.")
]


@dataclass(frozen=True)
class Showing:
    """What a finished session is shown by, besides what is always written."""

    detail: Detail = Detail.USUAL
    has_page: bool = True


AS_USUAL = Showing()


def choose_detail(*, verbose: bool, quiet: bool) -> Detail:
    """Return how much is to be shown.

    Raises:
        UsageError: both were asked for.
    """
    if verbose and quiet:
        raise UsageError("--verbose and --quiet cannot be given together; choose one")
    if quiet:
        return Detail.QUIET
    return Detail.VERBOSE if verbose else Detail.USUAL
