"""How much a command shows: `-v`, `-q` (floor 5)."""

from __future__ import annotations

from typing import Annotated

import typer

from crawlbench.errors import UsageError
from crawlbench.report.terminal import Detail

__all__ = ["Quiet", "Verbose", "choose_detail"]

Verbose = Annotated[
    bool,
    typer.Option("-v", "--verbose", help="Show what it cost, all pairs and all notes as well."),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Show the answer's sentences alone.")]


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
