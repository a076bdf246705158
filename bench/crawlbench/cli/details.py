"""How much a command shows: `-v`, `-q`, `--no-page` (floor 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError
from crawlbench.cli.effects import refuse_idle
from crawlbench.report.terminal import Detail

if TYPE_CHECKING:
    from typer import Context


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


def choose_showing(
    context: Context, *, verbose: bool, quiet: bool, page: bool, as_json: bool
) -> Showing:
    """Return how to show what a command will have measured.

    Raises:
        UsageError: options contradict each other, or one would have no effect.
    """
    detail = choose_detail(verbose=verbose, quiet=quiet)
    if as_json:
        refuse_idle(context, "JSON always holds everything", "verbose")
    return Showing(detail, page, as_json)
