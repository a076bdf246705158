"""`crawlbench run` (floor 5)."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from crawlbench.cli.checks import at_least_one, not_negative, positive
from crawlbench.cli.live import open_watcher
from crawlbench.cli.margins import known_margin
from crawlbench.cli.options import Budget, Laps, Loops, Output, Rounds, Strategies
from crawlbench.cli.output import INTERRUPTED, complain, result_console, status_console
from crawlbench.cli.report import write_page
from crawlbench.cli.sites import prepare_sites
from crawlbench.errors import StorageError, UsageError
from crawlbench.measure.matrix import extend_plan, make_plan
from crawlbench.measure.store import load_session
from crawlbench.measure.suite import load_suite, override
from crawlbench.report.markdown import render_markdown
from crawlbench.report.terminal import render_terminal
from crawlbench.session import Watcher, resume_session, run_session
from crawlbench.whole import write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from crawlbench.records import Plan, Session

__all__ = ["run", "start", "with_known_margin"]


def run(
    suite: Annotated[
        str, typer.Argument(help="default, quick, full, loops, or a FILE.toml.")
    ] = "default",
    strategy: Strategies = None,
    loop: Loops = None,
    network: Annotated[
        list[str] | None, typer.Option("-n", "--network", help="Networks that the mirror plays.")
    ] = None,
    site: Annotated[list[str] | None, typer.Option("--site", help="Sites to crawl.")] = None,
    parser: Annotated[list[str] | None, typer.Option("--parser", help="Parsers.")] = None,
    concurrency: Annotated[
        list[int] | None,
        typer.Option("-c", "--concurrency", callback=at_least_one, help="Requests in flight."),
    ] = None,
    operation: Annotated[
        list[str] | None,
        typer.Option("--operation", help="Operations of event loops, as names or globs."),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option("--baseline", help="STRATEGY or STRATEGY/LOOP.")
    ] = None,
    rounds: Rounds = None,
    laps: Laps = None,
    budget: Budget = None,
    precision: Annotated[
        float | None,
        typer.Option(
            "--precision", callback=positive, help="Stop when intervals are this narrow, in %."
        ),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            "--margin", callback=not_negative, help="Differences that do not matter, in %."
        ),
    ] = None,
    min_time: Annotated[
        float | None,
        typer.Option("--min-time", callback=positive, help="Seconds that a value lasts."),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", callback=positive, help="Seconds until a value hangs."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", callback=not_negative, help="Of the order and the delays."),
    ] = None,
    output: Output = None,
    resume: Annotated[
        Path | None, typer.Option("--resume", help="Session to go on with, by its own plan.")
    ] = None,
) -> None:
    """Measure every cell of a suite, lap by lap, and say which way of crawling is fastest."""
    ends: dict[str, Any] = {
        "rounds": rounds,
        "budget_s": budget,
        "precision_percent": precision,
    }
    changes = {
        "strategies": strategy,
        "event_loops": loop,
        "networks": network,
        "sites": site,
        "parsers": parser,
        "concurrency": concurrency,
        "operations": operation,
        "laps": laps,
        "margin_percent": margin,
        "min_time_s": min_time,
        "timeout_s": timeout,
        "seed": seed,
    }
    if resume is not None:
        _refuse_changes({**changes, "baseline": baseline, "output": output})
        _resume(resume, ends)
    plan = make_plan(suite, override(load_suite(suite), {**changes, **ends}), baseline)
    start(plan if margin is not None else with_known_margin(plan), output, suite)


def with_known_margin(plan: Plan) -> Plan:
    """Return the plan with the margin that `aa` found for this machine, if that is larger."""
    return replace(plan, margin=max(plan.margin, known_margin()))


def start(plan: Plan, output: Path | None, name: str) -> NoReturn:
    """Begin a session and carry it to its end.

    Args:
        plan: of the session.
        output: its folder; None for `results/<UTC time>-<name>`.
        name: of the suite, or the path of its file.
    """
    folder = output or Path("results") / f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}-{Path(name).stem}"
    prepare_sites(cell.site for cell in plan.cells if cell.site)
    _measure(lambda watcher: run_session(plan, folder, watcher), folder)


def _refuse_changes(changes: dict[str, object]) -> None:
    """Raise if an option was given that a session's own plan decides."""
    given = [name.removesuffix("_s").removesuffix("_percent") for name in changes if changes[name]]
    if given:
        raise UsageError(
            f"--resume goes on with the session's own plan, so {', '.join(given)} cannot be given; "
            "only --rounds, --budget and --precision can"
        )


def _resume(folder: Path, ends: dict[str, Any]) -> NoReturn:
    session = load_session(folder)
    session = replace(session, plan=extend_plan(session.plan, **ends))
    _measure(lambda watcher: resume_session(session, folder, watcher), folder)


def _measure(begin: Callable[[Watcher], Coroutine[Any, Any, Session]], folder: Path) -> NoReturn:
    """Run a session to its end, show it, and exit."""
    with open_watcher(status_console()) as watcher:
        session = asyncio.run(_until_signal(begin(watcher)))
    _publish(session, folder)
    raise typer.Exit(_exit_code(session))


async def _until_signal(session: Coroutine[Any, Any, Session]) -> Session:
    """Wait for a session; SIGTERM ends it as Ctrl-C does."""
    task = asyncio.current_task()
    assert task
    with suppress(NotImplementedError):  # Windows
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await session


def _publish(session: Session, folder: Path) -> None:
    """Write `table.md`, print the same, and write the page where it can be drawn."""
    try:
        write_text(folder / "table.md", render_markdown(session))
    except OSError as error:
        raise StorageError(f"table.md cannot be written: {error.strerror}") from error
    console = result_console()
    is_ascii = console.options.ascii_only
    console.print(render_terminal(session, console.width, is_ascii=is_ascii))
    if trouble := write_page(session, folder):
        complain(trouble)
    status_console().print(f"session: {folder}", style="dim", soft_wrap=True)


def _exit_code(session: Session) -> int:
    """Return the exit code, and say in a sentence why it is not 0."""
    count = sum(not failure.is_refusal for failure in session.failures)
    if count or session.ending == "mirror":
        complain(
            session.warnings[-1].text
            if session.ending == "mirror"
            else f"{count} cell{'s are' if count > 1 else ' is'} invalid; the reasons stand above"
        )
        return 4
    return INTERRUPTED if session.ending == "interrupted" else 0
