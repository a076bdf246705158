"""`crawlbench list` (floor 5)."""

from __future__ import annotations

import inspect
import json
import sys
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from crawlbench import registry
from crawlbench.cli.output import result_console
from crawlbench.errors import BenchError
from crawlbench.measure.suite import load_suite, suite_names
from crawlbench.networks import NETWORKS
from crawlbench.report.numbers import format_seconds

__all__ = ["list_names"]


class What(StrEnum):
    """What can be listed."""

    STRATEGIES = "strategies"
    LOOPS = "loops"
    PARSERS = "parsers"
    SITES = "sites"
    NETWORKS = "networks"
    SUITES = "suites"


_KINDS = {
    What.STRATEGIES: registry.Kind.STRATEGY,
    What.LOOPS: registry.Kind.EVENT_LOOP,
    What.PARSERS: registry.Kind.PARSER,
    What.SITES: registry.Kind.SITE,
}


def list_names(
    what: Annotated[What, typer.Argument(help="Which names to list.")],
    as_json: Annotated[bool, typer.Option("--json", help="As a JSON list.")] = False,
) -> None:
    """List the names that the options take, with a word on each."""
    if what in _KINDS:
        rows = [_plugin_row(_KINDS[what], name) for name in registry.names(_KINDS[what])]
    elif what is What.NETWORKS:
        rows = [{"name": name, "about": _network(name)} for name in NETWORKS]
    else:
        rows = [{"name": name, "about": _suite(name)} for name in suite_names()]
    if as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*[Text(str(value), overflow="fold") for value in row.values()])
    result_console().print(table)


def _plugin_row(kind: registry.Kind, name: str) -> dict[str, str]:
    try:
        plugin = registry.load(kind, name)
    except BenchError as error:
        return {"name": name, "about": str(error)}
    module = inspect.getmodule(plugin)
    about = inspect.getdoc(module) if kind is registry.Kind.STRATEGY and module else ""
    first_line = (about or registry.find(kind, name).value).partition("\n")[0]
    return {"name": name, "about": first_line}


def _network(name: str) -> str:
    network = NETWORKS[name]
    if not network.round_trip_s:
        return "no delay"
    return f"{format_seconds(network.round_trip_s)} round trip, jitter {network.jitter * 100:.0f} %"


def _suite(name: str) -> str:
    suite = load_suite(name)
    return f"{', '.join(suite.strategies)} on {', '.join(suite.networks)}, {suite.rounds} rounds"
