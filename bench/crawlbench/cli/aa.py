"""`crawlbench aa`: compares a strategy with itself, to count false alarms (floor 5)."""

from __future__ import annotations

import asyncio
import math
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from crawlbench.base.errors import UsageError
from crawlbench.cli.checks import at_least_one, number_or_all, positive
from crawlbench.cli.consoles import print_tables, result_console, status_console
from crawlbench.cli.options import SHORTEST_VALUE, TURNS, WORKERS_CPUS, AsJson
from crawlbench.cli.output import print_json
from crawlbench.cli.places import settings_folder
from crawlbench.measure.aa import run_aa
from crawlbench.measure.machine import describe_machine
from crawlbench.measure.margins import forget_margin, keep_margin
from crawlbench.measure.matrix import make_plan
from crawlbench.measure.suite import Suite, override
from crawlbench.report.numbers import format_percent
from crawlbench.report.table import Column, Table
from crawlbench.stats.aa import AaOutcome, AaSummary, sum_up

MIN_KEPT = 20
"""Fewest sessions whose result is kept: of fewer, the 95th percentile is the largest or a guess."""
AA_LAP_TIME_S = 0.3  # length of a group's turn: short sessions, but many

_COLUMNS = (
    Column("order"),
    Column("sessions", is_number=True),
    Column("seconds each", is_number=True),
    Column("false alarms", is_number=True),
    Column("error", is_number=True),
    Column("95 % of errors", is_number=True),
    Column("detectable", is_number=True),
)


def aa(
    sessions: Annotated[
        int,
        typer.Option(
            "--sessions", callback=at_least_one, help="How many sessions to measure in each order."
        ),
    ] = 20,
    strategy: Annotated[
        str, typer.Option("-s", "--strategy", help="Strategy to compare with itself.")
    ] = "requests-serial",
    loop: Annotated[str, typer.Option("-l", "--loop", help="Event loop.")] = "asyncio",
    network: Annotated[str, typer.Option("-n", "--network", help="Network.")] = "loopback",
    rounds: Annotated[int, typer.Option("--rounds", help="Rounds of each session, 2 or more.")] = 5,
    laps: Annotated[
        int,
        typer.Option("--laps", callback=at_least_one, help=TURNS),
    ] = 2,
    min_time: Annotated[
        float, typer.Option("--min-time", callback=positive, help=SHORTEST_VALUE)
    ] = 0.03,
    cpus: Annotated[
        str | None, typer.Option("--cpus", callback=number_or_all, help=WORKERS_CPUS)
    ] = None,
    blocks: Annotated[
        bool,
        typer.Option("--blocks", help="Measure in blocks as well, as other tools do, to compare."),
    ] = False,
    save: Annotated[
        bool,
        typer.Option(
            "--save/--no-save", help="Keep what was found, and show it with later sessions."
        ),
    ] = True,
    forget: Annotated[
        bool, typer.Option("--forget", help="Delete what was kept for this machine, and stop.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare a strategy with itself, to see how often this machine gives a false alarm.

    Example: crawlbench aa --sessions 20 --no-save
    """
    if forget:
        forget_margin(settings_folder(), describe_machine())
        result_console().print("forgot how far apart equal things look on this machine")
        return
    if rounds < 2:
        raise UsageError(f"--rounds {rounds} cannot be used: an interval needs 2 or more")
    suite = Suite(strategies=(strategy,), baseline=strategy)
    axes = {"event_loops": [loop], "networks": [network], "cpus": cpus}
    sizes = {"rounds": rounds, "laps": laps, "min_time_s": min_time, "lap_time_s": AA_LAP_TIME_S}
    plan = make_plan("aa", override(suite, {**axes, **sizes}))
    # Laps come first: their margin is the one that is kept.
    methods = ["laps", "blocks"] if blocks else ["laps"]
    outcomes: dict[str, list[AaOutcome]] = {method: [] for method in methods}
    status = status_console()

    def tell(method: str, outcome: AaOutcome) -> None:
        outcomes[method].append(outcome)
        alarm = " FALSE ALARM" if outcome.is_false_alarm else ""
        number, size = len(outcomes[method]), format_percent(outcome.estimate)
        status.print(f"{method} {number} of {sessions}: {size}{alarm}", style="dim")

    try:
        asyncio.run(run_aa(plan, sessions, tuple(outcomes), tell))
    finally:  # after a Ctrl-C, or where a later session failed, those before it are as good
        if outcomes[methods[0]]:
            _conclude(outcomes, save=save, as_json=as_json)


def _conclude(outcomes: dict[str, list[AaOutcome]], *, save: bool, as_json: bool) -> None:
    """Sum up the finished sessions, show what they say, and keep it if they are enough."""
    summaries = [sum_up(method, found) for method, found in outcomes.items() if found]
    path = None
    if save and summaries[0].sessions >= MIN_KEPT:
        path = keep_margin(settings_folder(), describe_machine(), summaries[0].margin)
    _show(summaries, outcomes, path, as_json=as_json)


def _show(
    summaries: list[AaSummary],
    outcomes: dict[str, list[AaOutcome]],
    path: Path | None,
    *,
    as_json: bool,
) -> None:
    if as_json:
        found = {
            "summaries": [asdict(summary) for summary in summaries],
            "outcomes": {method: [asdict(o) for o in of] for method, of in outcomes.items()},
        }
        print_json(found)
        return
    print_tables(Table("", _COLUMNS, tuple(_row(summary) for summary in summaries)))
    first = summaries[0]
    per_minute = first.detectable / math.sqrt(60 / first.seconds)
    result_console().print(
        f"\nequal things look up to {format_percent(first.margin)} apart here; a session of "
        f"{first.seconds:.0f} s finds a difference of {format_percent(first.detectable)} in four "
        f"of five cases, and a session of a minute one of {format_percent(per_minute)} (by the "
        f"square root of time).\n{_kept(path, first.sessions)}",
    )


def _kept(path: Path | None, sessions: int) -> str:
    if path:
        return f"kept in {path}: `doctor` shows it, and no verdict depends on it."
    if sessions < MIN_KEPT:
        return (
            f"not kept: the 95th percentile of {sessions} sessions is a guess; "
            f"give --sessions {MIN_KEPT} or more to keep it."
        )
    return "not kept, as asked."


def _row(summary: AaSummary) -> tuple[str, ...]:
    rate = summary.false_alarms / summary.sessions * 100
    return (
        summary.method,
        str(summary.sessions),
        f"{summary.seconds:.0f}",
        f"{summary.false_alarms} ({rate:.0f} %)",
        format_percent(summary.error),
        format_percent(summary.margin),
        format_percent(summary.detectable),
    )
