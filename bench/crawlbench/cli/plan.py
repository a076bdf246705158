"""`crawlbench plan`: estimates from a kept session how long a session must be (floor 5)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated

import typer

from crawlbench.base.errors import UsageError
from crawlbench.cli.consoles import print_tables
from crawlbench.cli.options import AsJson
from crawlbench.cli.output import print_json
from crawlbench.cli.report import newest_session
from crawlbench.measure.store import load_session
from crawlbench.report.numbers import format_length
from crawlbench.report.table import Column, Table
from crawlbench.report.view import SessionView
from crawlbench.stats.foresight import MAX_ROUNDS, foresee

if TYPE_CHECKING:
    from crawlbench.report.view import GroupView

_COLUMNS = (
    Column("site and network"),
    Column("pairs", is_number=True),
    Column("rounds, usual pair", is_number=True),
    Column("noisiest pair", is_number=True),
    Column("time", is_number=True),
)


def plan(
    folder: Annotated[
        Path | None,
        typer.Argument(help="A kept session to plan from; by default the newest in results/."),
    ] = None,
    detect: Annotated[str, typer.Option("--detect", help="Difference to find, such as 2%.")] = "2%",
    as_json: AsJson = False,
) -> None:
    """Estimate from a kept session how long it takes to find a difference.

    Example: crawlbench plan results/mine --detect 2%
    """
    wanted = _read_percent(detect)
    view = SessionView(load_session(folder or newest_session()))
    margin = view.plan.margin
    if wanted <= margin:
        raise UsageError(
            f"--detect {detect} lies within the margin of {math.expm1(margin) * 100:.1f} %, up to "
            "which nothing is called a difference; choose a larger one"
        )
    groups = view.groups.values()
    foreseen = [_foresee(view, group, wanted) for group in groups]
    if as_json:
        print_json(foreseen)
        return
    title = (
        f"to find {math.expm1(wanted) * 100:.3g} % with a margin of "
        f"{math.expm1(margin) * 100:.3g} %, looking after each round"
    )
    places = [group.place for group in groups]
    print_tables(Table(title, _COLUMNS, tuple(map(_row, places, foreseen))))


@dataclass(frozen=True, slots=True)
class _Foreseen:
    """What it takes in one group, as `--json` prints it; None where the group has no pairs."""

    group: str
    pairs: int
    usual_rounds: int | None = None
    most_rounds: int | None = None
    is_more: bool = False
    """Whether it takes more than `most_rounds`."""
    seconds: float | None = None


def _foresee(view: SessionView, group: GroupView, wanted: float) -> _Foreseen:
    spreads = foresee(view.session, group.name, wanted)
    if not spreads:
        return _Foreseen(group.name, 0)
    usual, most = math.ceil(median(spreads)), max(spreads)
    seconds = most * (view.round_s or 0.0)
    return _Foreseen(group.name, len(spreads), usual, most, most >= MAX_ROUNDS, seconds)


def _row(place: str, found: _Foreseen) -> tuple[str, ...]:
    if found.seconds is None:
        return (place, "0", "-", "-", "-")
    over = "over " if found.is_more else ""
    length = format_length(found.seconds)
    rounds = f"{over}{found.most_rounds}"
    return (place, str(found.pairs), str(found.usual_rounds), rounds, f"{over}{length}")


def _read_percent(text: str) -> float:
    """Return the log ratio of a percentage.

    Raises:
        UsageError: the text is not a percentage.
    """
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = math.nan
    if not 0 < percent < 1000:
        raise UsageError(f"--detect {text!r} is not a difference; one looks like 2%")
    return math.log1p(percent / 100)
