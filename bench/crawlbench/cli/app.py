"""Puts the commands together and turns errors into one sentence and an exit code (floor 5)."""

from __future__ import annotations

import sys

import typer

from crawlbench import __version__
from crawlbench.cli import crawl, listing, mirror, report, run
from crawlbench.cli.output import complain
from crawlbench.errors import BenchError

__all__ = ["app", "main"]

app = typer.Typer(
    name="crawlbench",
    help="The neutral referee for Python's ways to fetch many pages.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command(name="run")(run.run)
app.command(name="report")(report.report)
app.command(name="list")(listing.list_names)
app.command(name="crawl")(crawl.crawl)
app.add_typer(mirror.app, name="mirror")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"crawlbench {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    try:
        app()
    except BenchError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read us has seen enough
        sys.exit(0)


if __name__ == "__main__":
    main()
