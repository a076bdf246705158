"""`crawlbench load`: puts load on one page and shows its latencies (floor 5)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from crawlbench.base.errors import INTERRUPTED, BenchError, StorageError, UsageError
from crawlbench.base.storage import storing, write_text
from crawlbench.cli.checks import at_least_one, positive
from crawlbench.cli.consoles import print_tables, result_console, tell
from crawlbench.cli.effects import refuse_idle
from crawlbench.cli.endings import run_until_signal
from crawlbench.cli.options import AsJson, FirstPageOf, Force, OneNetwork, result
from crawlbench.cli.places import replacing
from crawlbench.cli.sites import prepare_site
from crawlbench.load.flow import LoadReport, run_load
from crawlbench.load.model import Arrival, Load
from crawlbench.load.options import (
    FIRST_PER_S,
    LoadOptions,
    choose_runs,
    choose_step,
    require_allowed,
)
from crawlbench.load.report import (
    encode_load,
    load_notes,
    load_picture,
    load_table,
    search_table,
    write_load,
)
from crawlbench.load.search import parse_goal
from crawlbench.measure.owner import LOCK_FILE, own
from crawlbench.report.extra import can_draw
from crawlbench.report.terminal import render_notes

POOL = 128


class OpenArrival(StrEnum):
    """How open arrival spreads its requests."""

    CONSTANT = "constant"
    POISSON = "poisson"


def load(
    context: typer.Context,
    connections: Annotated[
        int | None,
        typer.Option(
            "-c",
            "--connections",
            callback=at_least_one,
            help="Closed arrival: connections that ask again as soon as they are answered.",
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate",
            callback=positive,
            help="Open arrival: requests per second, whatever the answers.",
        ),
    ] = None,
    arrival: Annotated[
        OpenArrival, typer.Option("--arrival", help="How open arrival spreads its requests.")
    ] = OpenArrival.CONSTANT,
    find: Annotated[
        str | None,
        typer.Option(
            "--find", help="Find the highest rate at which a limit holds, such as p99=50ms."
        ),
    ] = None,
    duration: Annotated[
        float,
        typer.Option("-d", "--duration", callback=positive, help="Seconds that each run takes."),
    ] = 10.0,
    step: Annotated[
        float,
        typer.Option("--step", callback=positive, help="Seconds that each step of --find takes."),
    ] = 2.0,
    pool: Annotated[
        int,
        typer.Option(
            "--pool", callback=at_least_one, help="Connections that open arrival may use."
        ),
    ] = POOL,
    generators: Annotated[
        int | None,
        typer.Option(
            "-g", "--generators", callback=at_least_one, help="Processes that share the work."
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", callback=positive, help="Seconds that an answer may take.")
    ] = 10.0,
    site: FirstPageOf = "douban-top250",
    network: OneNetwork = "loopback",
    seed: Annotated[
        int, typer.Option("--seed", help="Seed for the network delays and for random arrival.")
    ] = 1,
    url: Annotated[
        str | None,
        typer.Option("--url", help="Page of a server of your own, in place of the mirror."),
    ] = None,
    owned: Annotated[
        str | None,
        typer.Option("--i-own-this", help="Host of --url, to confirm that it is yours."),
    ] = None,
    ca_file: Annotated[
        Path | None, typer.Option("--ca-file", help="File of the authority to trust at --url.")
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", help="Dask scheduler, each of whose workers runs a generator."),
    ] = None,
    output: Annotated[
        Path | None, result("-o", "--output", help="Folder to write the report to.")
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Put load on one page and show its latencies.

    Open arrival counts each latency from the time at which the request was due, so that no wait is
    hidden.
    Without --connections, --rate or --find, ten connections send requests.

    Example: crawlbench load --rate 500 -d 30
    """
    _refuse_idle(context)
    base = Load(
        arrival=Arrival(arrival),
        span_s=duration,
        connections=pool,
        generators=generators or 0,
        timeout_s=timeout,
        drain_s=timeout,
        seed=seed,
    )
    goal = None if find is None else parse_goal(find)
    options = LoadOptions(
        loads=choose_runs(base, connections, rate, is_searching=goal is not None),
        goal=goal,
        step=choose_step(base, step, goal),
        first_per_s=rate or FIRST_PER_S,
        site=site,
        network=network,
        seed=seed,
        url=url,
        ca_file=str(ca_file) if ca_file else None,
        cluster=cluster,
    )
    require_allowed(options, owned)
    if url is None:
        prepare_site(site, reads=False)
    # In this order: a new folder that stays empty is gone when `replacing` looks for one.
    with replacing(output, force=force), _new_folder(output) as folder:
        report = run_until_signal(run_load(options, _say))
        trouble = _write(report, folder) if folder else None
    _show(report, is_json=as_json)
    if trouble:
        raise trouble
    if report.is_interrupted:
        raise typer.Exit(INTERRUPTED)
    if report.failure:
        raise BenchError(report.failure)


def _refuse_idle(context: typer.Context) -> None:
    """Refuse options that what else was asked for leaves without effect."""
    asked = context.params
    if asked["url"] is not None:
        refuse_idle(context, "--url names the page", "site", "network")
    if asked["find"] is None:
        refuse_idle(context, "only --find takes steps", "step")
        if asked["rate"] is None:
            refuse_idle(context, "only --rate and --find have open arrival", "arrival", "pool")
    elif asked["connections"] is None:
        refuse_idle(context, "each step of --find lasts as long as --step says", "duration")


@contextmanager
def _new_folder(output: Path | None) -> Iterator[Path | None]:
    """Make the folder before anything is measured, yield it, and remove it if it stays empty.

    Meanwhile it is this process's own, which another one must not replace.
    """
    if output is None:
        yield None
        return
    try:
        output.mkdir(parents=True)
    except OSError as error:
        raise UsageError(
            f"-o {str(output)!r} cannot be made: {error.strerror}; give a folder that is not "
            "there, or replace it with --force"
        ) from error
    try:
        with own(output):
            yield output
    finally:
        with suppress(OSError):  # somebody has taken it away
            if [entry.name for entry in output.iterdir()] == [LOCK_FILE]:
                (output / LOCK_FILE).unlink()
                output.rmdir()


def _write(report: LoadReport, folder: Path) -> StorageError | None:
    """Return why it cannot be written, which must not keep the figures from being shown."""
    try:
        write_load(report, folder)
        if can_draw() and (picture := load_picture(report)):
            with storing(folder / "latency.svg"):
                write_text(folder / "latency.svg", picture)
    except StorageError as error:
        return error
    return None


def _say(line: str) -> None:
    tell(f"crawlbench {line}")


def _show(report: LoadReport, *, is_json: bool) -> None:
    if is_json:
        sys.stdout.write(encode_load(report))
        return
    console = result_console()
    tables = [load_table(report)] if report.runs else []
    tables += [search_table(report.found)] if report.found else []
    for table in tables:
        print_tables(table)
        console.print()
    console.print(render_notes(load_notes(report)))
