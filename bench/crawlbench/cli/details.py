"""How much a command shows: `-v`, `-q`, `--no-page` (floor 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from crawlbench.base.errors import UsageError
from crawlbench.cli.options import RESULT
from crawlbench.report.terminal import Detail

Verbose = Annotated[
    bool,
    typer.Option(
        "-v",
        "--verbose",
        help="Show costs, all pairs and all notes as well.",
        rich_help_panel=RESULT,
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "-q",
        "--quiet",
        help="Show only the sentences of the answer.",
        rich_help_panel=RESULT,
    ),
]
Page = Annotated[
    bool,
    typer.Option(
        "--page/--no-page",
        help="Draw report.html at the end, or not.",
        rich_help_panel=RESULT,
    ),
]


@dataclass(frozen=True)
class Showing:
    """How to show a finished session, besides what is always written."""

    detail: Detail = Detail.USUAL
    has_page: bool = True
    as_json: bool = False


AS_USUAL = Showing()


def choose_detail(*, verbose: bool, quiet: bool) -> Detail:
    """Return how much to show.

    Raises:
        UsageError: both were given.
    """
    if verbose and quiet:
        raise UsageError("--verbose and --quiet cannot be given together; choose one")
    if quiet:
        return Detail.QUIET
    return Detail.VERBOSE if verbose else Detail.USUAL


def choose_showing(*, verbose: bool, quiet: bool, has_page: bool, as_json: bool) -> Showing:
    """Return how to show a session in the end.

    Raises:
        UsageError: both --verbose and --quiet were given.
    """
    return Showing(choose_detail(verbose=verbose, quiet=quiet), has_page=has_page, as_json=as_json)
