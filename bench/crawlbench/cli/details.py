"""How much a command shows: `-v`, `-q`, `--no-page` (floor 5)."""

from __future__ import annotations

from dataclasses import dataclass

from crawlbench.base.errors import UsageError
from crawlbench.report.terminal import Detail


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
