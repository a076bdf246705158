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
    "LongForms",
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
    list[str] | None,
    typer.Option("-s", "--strategy", help="Strategies to measure: names or globs."),
]
Loops = Annotated[
    list[str] | None, typer.Option("-l", "--loop", help="Event loops for async strategies.")
]
Networks = Annotated[
    list[str] | None, typer.Option("-n", "--network", help="Networks that the mirror plays.")
]
Sites = Annotated[list[str] | None, typer.Option("--site", help="Sites to crawl.")]
LongForms = Annotated[
    list[str] | None,
    typer.Option(
        "--long-form",
        help="Longer site to crawl beside another: SITE/NETWORK=LONGER, or none for one length.",
    ),
]
Parsers = Annotated[list[str] | None, typer.Option("--parser", help="Parsers that read the pages.")]
Concurrency = Annotated[
    list[int] | None,
    typer.Option(
        "-c",
        "--concurrency",
        callback=at_least_one,
        help="How many requests are in flight at a time.",
    ),
]
Operations = Annotated[
    list[str] | None,
    typer.Option("--operation", help="Operations of event loops: names or globs."),
]
Cpus = Annotated[
    str | None, typer.Option("--cpus", help="How many CPUs each worker gets: a number, or all.")
]
MirrorCpus = Annotated[
    str | None, typer.Option("--mirror-cpus", help="Which CPUs the mirror gets, such as 3 or 2-3.")
]
Precision = Annotated[
    float | None,
    typer.Option(
        "--precision",
        callback=positive,
        help="Measure until the intervals are this narrow, in %.",
    ),
]
Margin = Annotated[
    float | None,
    typer.Option(
        "--margin", callback=not_negative, help="Largest difference that does not matter, in %."
    ),
]
Rounds = Annotated[
    int | None, typer.Option("--rounds", callback=at_least_one, help="Most rounds to measure.")
]
Laps = Annotated[
    int | None,
    typer.Option(
        "--laps", callback=at_least_one, help="Turns that each group of cells gets per round."
    ),
]
Budget = Annotated[
    float | None,
    typer.Option("--budget", callback=positive, help="Seconds that the session may take."),
]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", help="Folder to create; it must not exist.")
]
