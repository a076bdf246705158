"""`crawlbench check`: tries a strategy on good and hostile pages (floor 5)."""

from __future__ import annotations

import asyncio
import sys
from contextlib import nullcontext
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from crawlbench.base.errors import INVALID
from crawlbench.check.checks import check_strategy
from crawlbench.check.subject import CheckSubject
from crawlbench.cli.checks import positive
from crawlbench.cli.consoles import result_console, status_console
from crawlbench.cli.effects import require_effect
from crawlbench.cli.options import AsJson, InFlight, OneSite
from crawlbench.cli.output import print_json

if TYPE_CHECKING:
    from rich.console import Console

    from crawlbench.check.findings import Ruling

WORD_WIDTH, PROMISE_WIDTH = 5, 62  # columns of the longest text
MAX_REASON = 110  # characters; --json has all
_WORDS = {True: ("holds", "green"), False: ("fails", "red"), None: ("open", "yellow")}


def check(
    name: Annotated[str, typer.Argument(help="A strategy, or a FILE.py with a function `crawl`.")],
    loop: Annotated[
        str | None,
        typer.Option("-l", "--loop", help="Event loop to run on.  [default: asyncio]"),
    ] = None,
    site: OneSite = "douban-top250",
    concurrency: InFlight = 5,
    deadline: Annotated[
        float,
        typer.Option(
            "--deadline", callback=positive, help="Seconds after which a trial counts as hung."
        ),
    ] = 10.0,
    as_json: AsJson = False,
) -> None:
    """Try a strategy on good and hostile pages and say what holds and what does not.

    Example: crawlbench check my_crawler.py
    """
    require_effect(name, loop)
    subject = CheckSubject(
        name, event_loop=loop or "asyncio", site=site, concurrency=concurrency, deadline_s=deadline
    )
    findings = asyncio.run(_collect(subject, None if as_json else result_console()))
    if as_json:
        print_json(findings)
    else:
        result_console().print(_count(findings))
    if any(finding.holds is False for finding in findings):
        raise typer.Exit(INVALID)


async def _collect(subject: CheckSubject, results: Console | None) -> list[Ruling]:
    """Return the findings, and print each to `results` as soon as it is known."""
    findings = []
    # On a terminal the findings themselves show the progress; a spinner would write over them.
    is_quiet = results is not None and results.is_terminal
    status = nullcontext() if is_quiet else status_console().status(f"checking {subject.strategy}")
    with status as shown:
        async for finding in check_strategy(subject):
            findings.append(finding)
            if results:
                results.print(_row(finding, results.width))
                sys.stdout.flush()
            if shown:
                shown.update(f"checking {subject.strategy}: {finding.promise}")
    return findings


def _row(finding: Ruling, width: int) -> Table:
    """Return a finding as a row whose columns line up with those of all rows."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for size in (WORD_WIDTH, min(PROMISE_WIDTH, width // 2 - WORD_WIDTH), None):
        table.add_column(width=size)
    word, style = _WORDS[finding.holds]
    reason = Text(shorten(finding.reason, MAX_REASON, placeholder=" ..."), overflow="fold")
    table.add_row(Text(word, style=style), Text(finding.promise), reason)
    return table


def _count(findings: list[Ruling]) -> str:
    """Return the last line: how many promises hold, fail and are open."""
    held, failed, left = (
        sum(finding.holds is kind for finding in findings) for kind in (True, False, None)
    )
    verb = "holds" if held == 1 else "hold"
    verdict = f"{held} of {len(findings)} promises {verb}, {failed} fail{'s' * (failed == 1)}"
    return f"{verdict}, {left} {'is' if left == 1 else 'are'} open."
