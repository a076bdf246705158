"""`crawlbench mirror`: a group of commands that serve, build, import or record pages (floor 5)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from crawlbench.cli.commands import CommandGroup, make_group
from crawlbench.cli.options import AsJson
from crawlbench.cli.output import print_json
from crawlbench.sites.pages import write_fixtures


class MirrorCommands(CommandGroup):
    """What one can do with the mirror and its pages."""

    homes: ClassVar = {
        "build": "crawlbench.cli.mirror:build",
        "import": "crawlbench.cli.archive:import_archive",
        "record": "crawlbench.cli.archive:record",
        "verify": "crawlbench.cli.verify:verify",
        "serve": "crawlbench.cli.serving:serve",
        "bench": "crawlbench.cli.serving:bench",
    }


app = make_group("Serve the pages, and build, import or record them.", cls=MirrorCommands)


def build(
    folder: Annotated[
        Path, typer.Argument(help="Folder to write the pages and their manifest to.")
    ] = Path("fixtures/douban"),
    as_json: AsJson = False,
) -> None:
    """Build the ten list pages and their manifest from movies.csv, always the same bytes.

    Example: crawlbench mirror build fixtures/douban
    """
    paths = write_fixtures(folder)
    if as_json:
        print_json([str(path) for path in paths])
    else:
        sys.stdout.write("".join(f"{path}\n" for path in paths))
