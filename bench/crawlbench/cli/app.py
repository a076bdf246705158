"""Puts the commands together, and turns errors into one sentence and an exit code (floor 5)."""

from __future__ import annotations

import os
import sys
from typing import ClassVar, Final

import typer

from crawlbench import __version__
from crawlbench.base.errors import INTERRUPTED, BenchError, StorageError, UsageError
from crawlbench.base.text import encodable
from crawlbench.cli.commands import CommandGroup, make_group
from crawlbench.cli.endings import explain_failure, take_endings
from crawlbench.cli.output import (
    complain,
    finish_output,
    give_up_output,
    is_reader_gone,
    prepare_output,
)
from crawlbench.cli.settings import PREFIX


class Commands(CommandGroup):
    """All commands of crawlbench."""

    homes: ClassVar = {
        "run": "crawlbench.cli.run:run",
        "block": "crawlbench.cli.cluster:measure_block",
        "report": "crawlbench.cli.report:report",
        "sweep": "crawlbench.cli.sweep:sweep",
        "load": "crawlbench.cli.load:load",
        "ab": "crawlbench.cli.ab:ab",
        "compare": "crawlbench.cli.compare:compare",
        "history": "crawlbench.cli.history:history",
        "plan": "crawlbench.cli.plan:plan",
        "aa": "crawlbench.cli.aa:aa",
        "check": "crawlbench.cli.check:check",
        "doctor": "crawlbench.cli.doctor:doctor",
        "probe": "crawlbench.cli.probe:probe",
        "list": "crawlbench.cli.listing:list_names",
        "crawl": "crawlbench.cli.crawl:crawl",
        "submit": "crawlbench.cli.submit:submit",
        "verify-bundle": "crawlbench.cli.submit:verify_bundle",
        "env": "crawlbench.cli.environments:app",
        "mirror": "crawlbench.cli.mirror:app",
    }
    hidden_names: ClassVar = frozenset({"block"})


app = make_group(
    "The neutral referee for Python's ways to fetch many pages.",
    cls=Commands,
    has_completion=True,
)


_NAMES: Final = {"prog_name": "crawlbench", "auto_envvar_prefix": PREFIX}
"""The name in the help, and the prefix of variables such as `CRAWLBENCH_RUN_ROUNDS=5`."""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"crawlbench {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", "-V", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    prepare_output()
    take_endings()
    code = _run()
    try:
        # A full disk may show only now, and must not look like a gate that was passed.
        finish_output()
    except StorageError as error:
        complain(str(error))
        code = error.exit_code
    sys.stderr.flush()
    sys.exit(code)


def _run() -> int:
    """Run the command and return its exit code; whatever goes wrong is reported in a sentence."""
    try:
        code = app(**_NAMES, standalone_mode=False) or 0
        # typer ends with 1 if it cannot set up a completion, and 1 means slower.
        return UsageError.exit_code if code and _is_completing() else code
    except typer.TyperException as error:
        from crawlbench.cli.misuse import explain_misuse  # noqa: PLC0415  (only if there is one)

        complain(explain_misuse(error))
        return UsageError.exit_code
    except BenchError as error:
        complain(str(error))
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (BrokenPipeError, SystemExit) as error:  # typer turns the former into the latter
        return _end_early(error)
    except Exception as error:  # our own mistake: it must not look like a verdict
        return _fail(error)


def _fail(error: Exception) -> int:
    """Report an error that nobody expected, and return its exit code."""
    names = [one for one in sys.argv if encodable(one) != one]
    if names and isinstance(error, UnicodeEncodeError):
        complain(f"{names[0]!r} is not valid UTF-8, which this command has to write; rename it")
        return UsageError.exit_code
    complain(explain_failure(error))
    if isinstance(error, OSError):
        give_up_output()  # writing what is still held back would fail again
    return BenchError.exit_code


def _end_early(error: BaseException) -> int:
    """Return the exit code after a broken pipe: 0 if the reader just stopped reading."""
    if _is_completing() and isinstance(error, SystemExit) and not error.code:
        return 0
    # Another pipe may have broken, such as that of a child: that would be our own error.
    if is_reader_gone():
        give_up_output()
        return 0
    # typer's SystemExit hides what went wrong in its context.
    complain(explain_failure(error.__context__ or error))
    return BenchError.exit_code


def _is_completing() -> bool:
    """Return whether a shell asks for a completion: typer answers, and ends the process itself."""
    typed = any(word.endswith("-completion") for word in sys.argv[1:2])
    return typed or f"_{PREFIX}_COMPLETE" in os.environ
