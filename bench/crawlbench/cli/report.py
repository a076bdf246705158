"""`crawlbench report` (floor 5)."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from crawlbench.cli.output import result_console
from crawlbench.errors import SessionFileError, UsageError
from crawlbench.measure.store import SESSION_FILE, load_session, write_text
from crawlbench.report.markdown import render_markdown
from crawlbench.report.terminal import render_terminal

if TYPE_CHECKING:
    from crawlbench.records import Session

__all__ = ["report"]

RESULTS = Path("results")
FILE_WIDTH = 120  # columns of a report that is written to a file


class Format(StrEnum):
    """How a session can be shown."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"


def report(
    folder: Annotated[
        Path | None, typer.Argument(help="A session's folder; else the newest in results/.")
    ] = None,
    output_format: Annotated[
        Format, typer.Option("--format", help="How to show it.")
    ] = Format.TERMINAL,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write instead of printing.")
    ] = None,
) -> None:
    """Show a session again."""
    session = load_session(folder or _newest_session())
    if output is None:
        _print(session, output_format)
    elif output.exists():
        raise UsageError(f"the file {str(output)!r} exists already; name a new one with -o")
    else:
        _write(session, output_format, output)


def _newest_session() -> Path:
    found = sorted(path.parent for path in RESULTS.glob(f"*Z-*/{SESSION_FILE}"))
    if not found:
        raise SessionFileError(
            f"no session in {str(RESULTS)!r}; name a session's folder, or make one: crawlbench run"
        )
    return found[-1]


def _print(session: Session, output_format: Format) -> None:
    if output_format is Format.MARKDOWN:
        sys.stdout.write(render_markdown(session))
    else:
        console = result_console()
        console.print(render_terminal(session, console.width))


def _write(session: Session, output_format: Format, path: Path) -> None:
    if output_format is Format.MARKDOWN:
        text = render_markdown(session)
    else:
        console = Console(width=FILE_WIDTH, highlight=False, color_system=None)
        with console.capture() as capture:
            console.print(render_terminal(session, FILE_WIDTH))
        text = capture.get()
    try:
        write_text(path, text)
    except OSError as error:
        raise UsageError(f"the file {str(path)!r} cannot be written: {error.strerror}") from error
