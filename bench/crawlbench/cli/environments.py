"""`crawlbench env`: the environments that are kept (floor 5)."""

from __future__ import annotations

from typing import Annotated

import typer

from crawlbench.base.errors import UsageError
from crawlbench.base.text import one_line
from crawlbench.cli.commands import make_group
from crawlbench.cli.consoles import print_tables, tell
from crawlbench.cli.options import AsJson
from crawlbench.cli.output import print_json
from crawlbench.environments.building import OWN_PACKAGES
from crawlbench.environments.cache import (
    all_keys,
    environments_folder,
    kept_environments,
    remove_environment,
)
from crawlbench.report.numbers import format_bytes
from crawlbench.report.table import Column, Table

app = make_group("List and remove the environments that --env and ab have built.")
_COLUMNS = (
    Column("key"),
    Column("Python"),
    Column("asked for"),
    Column("size", is_number=True),
    Column("last used"),
)


@app.command(name="list")
def list_environments(
    as_json: AsJson = False,
) -> None:
    """List the environments that are kept, the last used first."""
    kept = kept_environments()
    if as_json:
        print_json(kept)
        return
    if not kept:
        tell(f"no environments are kept in {environments_folder()}")
        return
    rows = tuple(
        tuple(
            one_line(text)
            for text in (
                one.key,
                one.python,
                one.spec or OWN_PACKAGES,
                format_bytes(one.size_bytes),
                one.used.partition("+")[0],
            )
        )
        for one in kept
    )
    print_tables(Table("", _COLUMNS, rows))


@app.command(name="remove")
def remove(
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="KEY...", help="Keys, or their first letters.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Remove all of them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove kept environments; they are built again when they are needed.

    Example: crawlbench env remove --all
    """
    # Neither says what to remove, and both would contradict each other.
    if bool(keys) == everything:
        raise UsageError("name the environments to remove by their keys, or give --all")
    removed, troubles = [], []
    for key in keys or all_keys():
        try:
            removed.append(remove_environment(key).name)
            tell(f"removed {removed[-1]}")
        except UsageError as error:
            troubles.append(str(error))
        except OSError as error:
            troubles.append(f"environment {key} cannot be removed: {error}")
    if as_json:
        print_json(removed)
    if troubles:
        raise UsageError("; ".join(troubles))
