"""Puts the commands together and turns errors into one sentence and an exit code (floor 5)."""

from __future__ import annotations

import os
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
    probe,
    report,
    run,
    sweep,
)
from crawlbench.cli.output import INTERRUPTED, complain
from crawlbench.errors import BenchError, UsageError

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
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as error:
        complain(f"{error.format_message()} See --help.")
        code = UsageError.exit_code
    except BenchError as error:
        complain(str(error))
        code = error.exit_code
    except typer.Abort:
        code = INTERRUPTED
    except BrokenPipeError:  # whoever read us has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)
