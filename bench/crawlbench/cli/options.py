"""Options that several commands take, in the same words (floor 5)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from crawlbench.cli.checks import at_least_one, not_negative, number_or_all, positive

subject = partial(typer.Option, rich_help_panel="What to measure (default: the suite's)")
length = partial(typer.Option, rich_help_panel="For how long (default: the suite's)")
care = partial(typer.Option, rich_help_panel="How carefully (default: the suite's)")
machines = partial(typer.Option, rich_help_panel="On many machines")
result = partial(typer.Option, rich_help_panel="What comes out")
"""Each makes an option of one group of a help; the suite decides what is not typed."""

USUAL_MARGIN = 1.0
"""Largest change that does not matter where sessions are compared, in percent."""
IN_FLIGHT = "How many requests are in flight at a time."
SHORTEST_VALUE = "Shortest time of a value, in seconds."
TURNS = "Turns of each group per round, of one lap or more each."
WORKERS_CPUS = "How many CPUs each worker gets: a number, or all."
"""What help says of an option, also in commands where it has a number by default."""

Strategies = Annotated[
    list[str] | None, subject("-s", "--strategy", help="Strategies to measure: names or globs.")
]
Loops = Annotated[
    list[str] | None, subject("-l", "--loop", help="Event loops for async strategies.")
]
Networks = Annotated[
    list[str] | None, subject("-n", "--network", help="Networks that the mirror plays.")
]
Sites = Annotated[list[str] | None, subject("--site", help="Sites to crawl.")]
Parsers = Annotated[list[str] | None, subject("--parser", help="Parsers that read the pages.")]
LongForms = Annotated[
    list[str] | None,
    subject(
        "--long-form",
        help="Longer site to crawl beside another: SITE/NETWORK=LONGER or =MIDDLE,LONGER, or none.",
    ),
]
Concurrency = Annotated[
    list[int] | None, subject("-c", "--concurrency", callback=at_least_one, help=IN_FLIGHT)
]
Operations = Annotated[
    list[str] | None, subject("--operation", help="Operations of event loops: names or globs.")
]
Rounds = Annotated[
    int | None,
    length("--rounds", callback=at_least_one, help="Largest number of rounds to measure."),
]
Laps = Annotated[int | None, length("--laps", callback=at_least_one, help=TURNS)]
Budget = Annotated[
    float | None,
    length("--budget", callback=positive, help="Seconds that the session may take."),
]
Precision = Annotated[
    float | None,
    length(
        "--precision", callback=positive, help="Measure until the intervals are this narrow, in %."
    ),
]
Margin = Annotated[
    float | None,
    length(
        "--margin", callback=not_negative, help="Largest difference that does not matter, in %."
    ),
]
MinTime = Annotated[float | None, care("--min-time", callback=positive, help=SHORTEST_VALUE)]
LapTime = Annotated[
    float | None,
    care("--lap-time", callback=positive, help="Shortest time of a group's turn, in seconds."),
]
Cpus = Annotated[
    str | None,
    care("--cpus", callback=number_or_all, help=WORKERS_CPUS),
]
Output = Annotated[
    Path | None,
    result(
        "-o",
        "--output",
        help="Folder to write the session to.",
        show_default="results/<UTC time>-<name>",
    ),
]
Force = Annotated[bool, result("--force", help="Replace what -o names, if it is there.")]
AsJson = Annotated[bool, result("--json", help="Print one JSON document, and nothing else.")]
Verbose = Annotated[
    bool, result("-v", "--verbose", help="Show costs, all pairs and all notes as well.")
]
Quiet = Annotated[bool, result("-q", "--quiet", help="Show only the sentences of the answer.")]
Page = Annotated[bool, result("--page/--no-page", help="Draw report.html at the end, or not.")]
FailOn = Annotated[
    str | None,
    result(
        "--fail-on",
        help="Fail if head is slower: slower or cpu-slower; with two lengths page-slower, "
        "cpu-page-slower; each with :PERCENT%, or begin-slower:MILLISECONDSms.",
    ),
]

OneSite = Annotated[str, typer.Option("--site", help="Site to crawl.")]
FirstPageOf = Annotated[str, typer.Option("--site", help="Site whose first page is requested.")]
OneNetwork = Annotated[str, typer.Option("-n", "--network", help="Network that the mirror plays.")]
InFlight = Annotated[
    int, typer.Option("-c", "--concurrency", callback=at_least_one, help=IN_FLIGHT)
]
"""Options of commands that do not measure a suite: each takes one value."""
