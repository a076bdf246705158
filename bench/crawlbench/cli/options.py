"""Options that several commands take, in one wording (floor 5)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crawlbench.cli.checks import at_least_one, not_negative, positive

__all__ = [
    "Budget",
    "Concurrency",
    "Cpus",
    "Laps",
    "Loops",
    "Margin",
    "MirrorCpus",
    "Networks",
    "Operations",
    "Output",
    "Parsers",
    "Precision",
    "Rounds",
    "Sites",
    "Strategies",
]

Strategies = Annotated[
    list[str] | None, typer.Option("-s", "--strategy", help="Strategies, as names or globs.")
]
Loops = Annotated[
    list[str] | None, typer.Option("-l", "--loop", help="Event loops, for async strategies.")
]
Networks = Annotated[
    list[str] | None, typer.Option("-n", "--network", help="Networks that the mirror plays.")
]
Sites = Annotated[list[str] | None, typer.Option("--site", help="Sites to crawl.")]
Parsers = Annotated[list[str] | None, typer.Option("--parser", help="Parsers.")]
Concurrency = Annotated[
    list[int] | None,
    typer.Option("-c", "--concurrency", callback=at_least_one, help="Requests in flight."),
]
Operations = Annotated[
    list[str] | None,
    typer.Option("--operation", help="Operations of event loops, as names or globs."),
]
Cpus = Annotated[str | None, typer.Option("--cpus", help="CPUs of each worker: a number, or all.")]
MirrorCpus = Annotated[
    str | None, typer.Option("--mirror-cpus", help="The mirror's CPUs, such as 3 or 2-3.")
]
Precision = Annotated[
    float | None,
    typer.Option(
        "--precision",
        callback=positive,
        help="Go on until intervals are this narrow, in %.",
    ),
]
Margin = Annotated[
    float | None,
    typer.Option("--margin", callback=not_negative, help="Differences that do not matter, in %."),
]
Rounds = Annotated[int | None, typer.Option("--rounds", callback=at_least_one, help="At the most.")]
Laps = Annotated[
    int | None, typer.Option("--laps", callback=at_least_one, help="Values per cell and round.")
]
Budget = Annotated[
    float | None, typer.Option("--budget", callback=positive, help="Seconds for the session.")
]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", help="Folder to make; must not exist.")
]
