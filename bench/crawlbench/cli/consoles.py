"""The consoles that commands print on: one for results, one for progress (floor 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console

from crawlbench.base.text import harmless

if TYPE_CHECKING:
    from crawlbench.report.table import Table


class PlainConsole(Console):
    """A console that prints text as it is: names of users' files may hold `[x]` or `:x:`."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  (rich's own)
        super().__init__(highlight=False, markup=False, emoji=False, **options)


class _PipedConsole(PlainConsole):
    """A console that lets us notice that its reader is gone; rich would end the process."""

    def on_broken_pipe(self) -> None:
        """Raise what was caught."""
        raise  # noqa: PLE0704  (rich calls this where it catches)


def result_console() -> Console:
    """Return the console for results: plain, and not cut off, if it is not a terminal."""
    return _PipedConsole(soft_wrap=False)


def print_tables(*tables: Table) -> None:
    """Print tables as results, each below its title if it has one."""
    from crawlbench.report.terminal import render_table  # noqa: PLC0415  (most print no table)

    console = result_console()
    for table in tables:
        if table.title:
            console.print(table.title, style="bold")
        console.print(render_table(table, console.width))


def status_console() -> Console:
    """Return the console for progress."""
    return PlainConsole(stderr=True)


def tell(line: str) -> None:
    """Report what is being done, separately from results."""
    status_console().print(harmless(line), style="dim", soft_wrap=True)
