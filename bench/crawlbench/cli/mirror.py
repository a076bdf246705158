"""`crawlbench mirror` (floor 5)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from crawlbench.cli import archive, serving, verify
from crawlbench.sites.pages import write_fixtures

__all__ = ["app"]

app = typer.Typer(help="The server of the fixture pages.")
app.command(name="import")(archive.import_archive)
app.command(name="record")(archive.record)
app.command(name="verify")(verify.verify)
app.command(name="serve")(serving.serve)
app.command(name="bench")(serving.bench)


@app.command()
def build(
    folder: Annotated[
        Path, typer.Argument(help="Where to write the pages and their manifest.")
    ] = Path("fixtures/douban"),
) -> None:
    """Make the ten list pages and their manifest from movies.csv, the same byte for byte."""
    paths = write_fixtures(folder)
    sys.stdout.write("".join(f"{path}\n" for path in paths))
