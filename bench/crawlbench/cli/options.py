"""Options that several commands take, in one wording (floor 5)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crawlbench.cli.checks import at_least_one, positive

__all__ = ["Budget", "Laps", "Loops", "Output", "Rounds", "Strategies"]

Strategies = Annotated[
    list[str] | None, typer.Option("-s", "--strategy", help="Strategies, as names or globs.")
]
Loops = Annotated[
    list[str] | None, typer.Option("-l", "--loop", help="Event loops, for async strategies.")
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
