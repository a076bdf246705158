"""`crawlbench plan`: estimates from a kept session how long a session must be (floor 5)."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated

import typer

from crawlbench.base.errors import UsageError
from crawlbench.cli.options import AsJson
from crawlbench.cli.output import print_json, result_console
from crawlbench.cli.report import newest_session
from crawlbench.measure.store import load_session
from crawlbench.report.numbers import format_length
from crawlbench.report.table import Column, Table
from crawlbench.report.terminal import render_table
from crawlbench.report.view import SessionView
from crawlbench.stats.foresight import MAX_ROUNDS, foresee

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    if as_json:
        print_json([_foreseen(view, group, wanted) for group in view.groups.values()])
        return
    table = Table(
        f"to find {math.expm1(wanted) * 100:.3g} % with a margin of "
        f"{math.expm1(margin) * 100:.3g} %, looking after each round",
        _COLUMNS,
        tuple(_rows(view, wanted)),
    )
    console = result_console()
    console.print(table.title, style="bold", markup=False)
    console.print(render_table(table, console.width))


def _foreseen(view: SessionView, group: GroupView, wanted: float) -> dict[str, object]:
    """Return what a row of the table says, for scripts."""
    spreads = foresee(view.session, group.name, wanted)
    most = max(spreads, default=None)
    return {
        "group": group.name,
        "pairs": len(spreads),
        "usual_rounds": math.ceil(median(spreads)) if spreads else None,
        "most_rounds": most,
        "is_more": most is not None and most >= MAX_ROUNDS,
        "seconds": None if most is None else most * (view.round_s or 0.0),
    }


def _rows(view: SessionView, wanted: float) -> Iterator[tuple[str, ...]]:
    for group in view.groups.values():
        spreads = foresee(view.session, group.name, wanted)
        if not spreads:
            yield (group.place, "0", "-", "-", "-")
            continue
        usual, most = math.ceil(median(spreads)), max(spreads)
        length = format_length(most * (view.round_s or 0.0))
        over = "over " if most >= MAX_ROUNDS else ""
        yield (group.place, str(len(spreads)), str(usual), f"{over}{most}", f"{over}{length}")


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
