"""`crawlbench sweep`: measures along one axis and finds each strategy's knee (floor 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

import typer

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Cell, Plan, Stopping, Sweep
from crawlbench.base.text import count_of
from crawlbench.cli import options
from crawlbench.cli.checks import at_least_one
from crawlbench.cli.consoles import tell
from crawlbench.cli.details import choose_showing
from crawlbench.cli.effects import refuse_idle
from crawlbench.cli.measuring import name_folder
from crawlbench.cli.places import replacing
from crawlbench.cli.run import start
from crawlbench.measure.lengths import read_long_forms, require_places
from crawlbench.measure.matrix import make_plan
from crawlbench.measure.suite import load_suite, override
from crawlbench.measure.width import widest


class Axis(StrEnum):
    """What is varied."""

    CONCURRENCY = "concurrency"
    LATENCY = "latency"
    PAGES = "pages"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class _Scale:
    """How places on the axis of a sweep become values of a suite."""

    places: tuple[int, ...]
    """The places to measure at if the user gives none."""
    unit: str
    field: str
    """The field of a suite that the axis varies."""
    part: str
    """The attribute of a cell that holds one such value, and the parameter that does."""
    write: Callable[[int, str], object]
    """Turns a place, and the network that was asked for, into a value of that field."""


_SCALES = {
    Axis.CONCURRENCY: _Scale(
        (1, 2, 4, 8, 16, 32, 64), "", "concurrency", "concurrency", lambda place, _: place
    ),
    Axis.LATENCY: _Scale(
        (1, 5, 20, 80, 200), "ms", "networks", "network", lambda place, name: f"{name}@{place}ms"
    ),
    Axis.PAGES: _Scale(
        (1, 10, 100, 1000), "", "sites", "site", lambda place, _: f"douban-x{place}"
    ),
    Axis.BODY: _Scale(
        (4, 16, 64, 256, 1024), "KiB", "sites", "site", lambda place, _: f"body-{place}k"
    ),
}


def sweep(
    context: typer.Context,
    axis: Annotated[Axis, typer.Argument(help="What to vary.")],
    places: Annotated[
        list[int] | None,
        typer.Argument(
            help="Values to measure at: requests in flight, ms of round trip, pages, or KiB.",
            callback=at_least_one,
        ),
    ] = None,
    strategy: options.Strategies = None,
    loop: options.Loops = None,
    network: Annotated[
        str, options.subject("-n", "--network", help="Network that the mirror plays.")
    ] = "wan",
    site: Annotated[
        str,
        options.subject("--site", help="Site to crawl, unless the axis is pages or body."),
    ] = "douban-top250",
    long_form: options.LongForms = None,
    parser: Annotated[
        list[str] | None,
        options.subject(
            "--parser",
            help="Parsers that read the pages; `none` measures the clients alone.",
            show_default="lxml",
        ),
    ] = None,
    concurrency: Annotated[
        int,
        options.subject("-c", "--concurrency", callback=at_least_one, help=options.IN_FLIGHT),
    ] = 10,
    rounds: options.Rounds = None,
    laps: options.Laps = None,
    min_time: options.MinTime = None,
    lap_time: options.LapTime = None,
    budget: options.Budget = None,
    cpus: options.Cpus = None,
    output: options.Output = None,
    force: options.Force = False,
    as_json: options.AsJson = False,
    verbose: options.Verbose = False,
    quiet: options.Quiet = False,
    page: options.Page = True,
) -> None:
    """Measure along one axis and say where each strategy stops gaining.

    Example: crawlbench sweep concurrency 4 16 64 --site index --parser none
    """
    showing = choose_showing(context, verbose=verbose, quiet=quiet, page=page, as_json=as_json)
    scale = _SCALES[axis]
    if axis is not Axis.LATENCY:  # whose places are round trips of the network that was asked for
        refuse_idle(context, f"a sweep of {axis} chooses it at each place", scale.part)
    chosen = sorted(set(places or _usual_places(axis, site)))
    if len(chosen) < 3:
        found = count_of(len(chosen), "place")
        raise UsageError(f"a sweep of {found} has no knee; give three or more")
    values = {scale.write(place, network): place for place in chosen}
    forms = _read_long_forms(axis, long_form)
    changes = {
        "strategies": strategy,
        "event_loops": loop,
        "networks": [network],
        "sites": [site],
        "long_forms": forms,
        "parsers": parser,
        "concurrency": [concurrency],
        "rounds": rounds,
        "laps": laps,
        "min_time_s": min_time,
        "lap_time_s": lap_time,
        "budget_s": budget,
        "cpus": cpus,
        "stopping": Stopping.FIXED if rounds and not budget else Stopping.ANY,
        scale.field: list(values),
    }
    # The axis is the question here, not the length, unless somebody asks for both.
    suite = override(load_suite("default").with_one_length(), changes)
    plan = make_plan(f"sweep-{axis}", suite)
    require_places(forms, plan)
    plan = replace(plan, sweep=_describe(plan, axis, scale, values))
    with replacing(output, force=force):
        start(plan, name_folder(output, plan.suite), showing=showing)


def _usual_places(axis: Axis, site: str) -> list[int]:
    """Return the places for a user who names none: only those that the site has pages for."""
    places = _SCALES[axis].places
    if axis is not Axis.CONCURRENCY:
        return list(places)
    most = widest(site)
    kept = [place for place in places if place <= most]
    if len(kept) < len(places):
        tell(
            f"left out: {', '.join(str(place) for place in places if place > most)} in flight, for "
            f"which {site} has too few pages; --site index --parser none has more"
        )
    return kept


def _read_long_forms(axis: Axis, asked: list[str] | None) -> dict[str, str] | None:
    """Return the long forms that were asked for.

    Raises:
        UsageError: the axis changes the site, so that there is no one longer form of it.
    """
    forms = read_long_forms(asked)
    if asked and forms and _SCALES[axis].field == "sites":
        raise UsageError(
            f"--long-form {asked[0]!r}: a sweep of {axis} crawls another site at each place, so it "
            "has no longer form; sweep concurrency or latency with it, or leave it out"
        )
    return forms


def _describe(plan: Plan, axis: Axis, scale: _Scale, values: dict[object, int]) -> Sweep:
    def place(cell: Cell) -> float:
        value = getattr(cell, scale.part)
        # Cells call a file by its label; the places were made from what was typed.
        return float(values[plan.spelling_of(value) if isinstance(value, str) else value])

    places = {cell.name: place(cell) for cell in plan.own_cells if not cell.control}
    return Sweep(axis, scale.unit, places)
