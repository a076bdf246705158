"""`crawlbench check` (floor 5)."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from crawlbench.check.checks import Subject, check_strategy
from crawlbench.cli.checks import at_least_one, positive
from crawlbench.cli.effects import require_effect
from crawlbench.cli.output import result_console, status_console

if TYPE_CHECKING:
    from crawlbench.check.findings import Finding

__all__ = ["check"]

MOST_REASON = 110  # characters; --json has all
_WORDS = {True: ("holds", "green"), False: ("fails", "red"), None: ("open", "yellow")}


def check(
    name: Annotated[str, typer.Argument(help="A strategy, or a FILE.py with a function `crawl`.")],
    loop: Annotated[
        str | None,
        typer.Option("-l", "--loop", help="Event loop to run on.  [default: asyncio]"),
    ] = None,
    site: Annotated[str, typer.Option("--site", help="Site to crawl.")] = "douban-top250",
    concurrency: Annotated[
        int,
        typer.Option(
            "-c",
            "--concurrency",
            callback=at_least_one,
            help="How many requests are in flight at a time.",
        ),
    ] = 5,
    deadline: Annotated[
        float,
        typer.Option(
            "--deadline", callback=positive, help="Seconds after which a trial counts as hung."
        ),
    ] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Try a strategy on good and hostile pages and say what holds and what does not.

    Example: crawlbench check my_crawler.py
    """
    require_effect(name, loop)
    subject = Subject(
        name, event_loop=loop or "asyncio", site=site, concurrency=concurrency, deadline_s=deadline
    )
    findings = asyncio.run(_collect(subject))
    if as_json:
        rows = [asdict(finding) for finding in findings]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    else:
        result_console().print(_table(findings))
    failed = sum(finding.holds is False for finding in findings)
    if failed:
        raise typer.Exit(4)


async def _collect(subject: Subject) -> list[Finding]:
    findings = []
    with status_console().status(f"checking {subject.strategy}") as status:
        async for finding in check_strategy(subject):
            findings.append(finding)
            status.update(f"checking {subject.strategy}: {finding.promise}")
    return findings


def _table(findings: list[Finding]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for finding in findings:
        word, style = _WORDS[finding.holds]
        reason = Text(shorten(finding.reason, MOST_REASON, placeholder=" ..."), overflow="fold")
        table.add_row(Text(word, style=style), Text(finding.promise), reason)
    return table
