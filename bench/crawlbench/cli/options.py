"""Options that several commands take, in the same words (floor 5)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crawlbench.cli.checks import at_least_one, not_negative, number_or_all, positive

SUBJECT = "What to measure (default: the suite's)"
LENGTH = "For how long (default: the suite's)"
CAREFULLY = "How carefully (default: the suite's)"
MACHINES = "On many machines"
RESULT = "What comes out"
"""Groups of options in a help; the suite decides what is not typed."""

Strategies = Annotated[
    list[str] | None,
    typer.Option(
        "-s",
        "--strategy",
        help="Strategies to measure: names or globs.",
        rich_help_panel=SUBJECT,
    ),
]
Loops = Annotated[
    list[str] | None,
    typer.Option(
        "-l",
        "--loop",
        help="Event loops for async strategies.",
        rich_help_panel=SUBJECT,
    ),
]
Networks = Annotated[
    list[str] | None,
    typer.Option(
        "-n",
        "--network",
        help="Networks that the mirror plays.",
        rich_help_panel=SUBJECT,
    ),
]
Sites = Annotated[
    list[str] | None,
    typer.Option("--site", help="Sites to crawl.", rich_help_panel=SUBJECT),
]
Parsers = Annotated[
    list[str] | None,
    typer.Option(
        "--parser",
        help="Parsers that read the pages.",
        rich_help_panel=SUBJECT,
    ),
]
LongForms = Annotated[
    list[str] | None,
    typer.Option(
        "--long-form",
        help="Longer site to crawl beside another: SITE/NETWORK=LONGER or =MIDDLE,LONGER, or none.",
        rich_help_panel=SUBJECT,
    ),
]
Concurrency = Annotated[
    list[int] | None,
    typer.Option(
        "-c",
        "--concurrency",
        callback=at_least_one,
        help="How many requests are in flight at a time.",
        rich_help_panel=SUBJECT,
    ),
]
Operations = Annotated[
    list[str] | None,
    typer.Option(
        "--operation",
        help="Operations of event loops: names or globs.",
        rich_help_panel=SUBJECT,
    ),
]
Cpus = Annotated[
    str | None,
    typer.Option(
        "--cpus",
        callback=number_or_all,
        help="How many CPUs each worker gets: a number, or all.",
        rich_help_panel=CAREFULLY,
    ),
]
MirrorCpus = Annotated[
    str | None,
    typer.Option(
        "--mirror-cpus",
        help="Which CPUs the mirror gets, such as 3 or 2-3.",
        rich_help_panel=CAREFULLY,
    ),
]
Precision = Annotated[
    float | None,
    typer.Option(
        "--precision",
        callback=positive,
        help="Measure until the intervals are this narrow, in %.",
        rich_help_panel=LENGTH,
    ),
]
Margin = Annotated[
    float | None,
    typer.Option(
        "--margin",
        callback=not_negative,
        help="Largest difference that does not matter, in %.",
        rich_help_panel=LENGTH,
    ),
]
Rounds = Annotated[
    int | None,
    typer.Option(
        "--rounds",
        callback=at_least_one,
        help="Largest number of rounds to measure.",
        rich_help_panel=LENGTH,
    ),
]
Laps = Annotated[
    int | None,
    typer.Option(
        "--laps",
        callback=at_least_one,
        help="Turns of each group per round, of one lap or more each.",
        rich_help_panel=LENGTH,
    ),
]
MinTime = Annotated[
    float | None,
    typer.Option(
        "--min-time",
        callback=positive,
        help="Shortest time of a value, in seconds.",
        rich_help_panel=CAREFULLY,
    ),
]
LapTime = Annotated[
    float | None,
    typer.Option(
        "--lap-time",
        callback=positive,
        help="Shortest time of a group's turn, in seconds.",
        rich_help_panel=CAREFULLY,
    ),
]
Budget = Annotated[
    float | None,
    typer.Option(
        "--budget",
        callback=positive,
        help="Seconds that the session may take.",
        rich_help_panel=LENGTH,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        help="Folder to write the session to.",
        rich_help_panel=RESULT,
        show_default="results/<UTC time>-<name>",
    ),
]
Force = Annotated[
    bool,
    typer.Option("--force", help="Replace what -o names, if it is there.", rich_help_panel=RESULT),
]
AsJson = Annotated[
    bool,
    typer.Option(
        "--json", help="Print one JSON document, and nothing else.", rich_help_panel=RESULT
    ),
]
FailOn = Annotated[
    str | None,
    typer.Option(
        "--fail-on",
        help="Fail if head is slower: slower or cpu-slower; with two lengths page-slower, "
        "cpu-page-slower; each with :PERCENT%, or begin-slower:MILLISECONDSms.",
        rich_help_panel=RESULT,
    ),
]
