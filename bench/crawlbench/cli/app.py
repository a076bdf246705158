"""Puts the commands together and turns errors into one sentence and an exit code (floor 5)."""

from __future__ import annotations

import asyncio
import sys

import typer

from crawlbench import __version__
from crawlbench.cli import (
    aa,
    ab,
    check,
    cluster,
    compare,
    crawl,
    doctor,
    environments,
    history,
    listing,
    load,
    mirror,
    plan,
    probe,
    report,
    run,
    sweep,
)
from crawlbench.cli.endings import explain_failure, take_endings
from crawlbench.cli.output import (
    INTERRUPTED,
    complain,
    finish_output,
    give_up_output,
    is_reader_gone,
    prepare_output,
)
from crawlbench.errors import BenchError, StorageError, UsageError

__all__ = ["app", "main"]

app = typer.Typer(
    name="crawlbench",
    help="The neutral referee for Python's ways to fetch many pages.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command(name="run")(run.run)
app.command(name="block", hidden=True)(cluster.measure_block)
app.command(name="report")(report.report)
app.command(name="sweep")(sweep.sweep)
app.command(name="load")(load.load)
app.command(name="ab")(ab.ab)
app.command(name="compare")(compare.compare)
app.command(name="history")(history.history)
app.command(name="plan")(plan.plan)
app.command(name="aa")(aa.aa)
app.command(name="check")(check.check)
app.command(name="doctor")(doctor.doctor)
app.command(name="probe")(probe.probe)
app.command(name="list")(listing.list_names)
app.command(name="crawl")(crawl.crawl)
app.add_typer(environments.app, name="env")
app.add_typer(mirror.app, name="mirror")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"crawlbench {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: bool = typer.Option(  # noqa: ARG001  (eager: handled by its callback)
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    prepare_output()
    take_endings()
    code = _run()
    try:
        finish_output()
    except StorageError as error:
        complain(str(error))
        code = error.exit_code
    sys.stderr.flush()
    sys.exit(code)


def _run() -> int:
    """Return the exit code of a command; whatever goes wrong is told in a sentence."""
    try:
        return app(standalone_mode=False) or 0
    except typer.TyperException as error:
        complain(f"{error.format_message()} See --help.")
        return UsageError.exit_code
    except BenchError as error:
        complain(str(error))
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED
    except (BrokenPipeError, SystemExit) as error:  # typer makes the latter of the former
        return _end_early(error)
    except Exception as error:  # one of ours: it must not look like a verdict
        complain(explain_failure(error))
        if isinstance(error, OSError):
            give_up_output()  # what it still holds would fail once more
        return BenchError.exit_code


def _end_early(error: BaseException) -> int:
    """Return the exit code after a broken pipe: 0 if whoever read us has seen enough."""
    if is_reader_gone():
        give_up_output()
        return 0
    complain(explain_failure(error.__context__ or error))
    return BenchError.exit_code
