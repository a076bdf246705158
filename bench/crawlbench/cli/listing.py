"""`crawlbench list` (floor 5)."""

from __future__ import annotations

import inspect
import json
import sys
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from crawlbench import registry
from crawlbench.about import StrategyFacts, describe_strategy
from crawlbench.cli.output import result_console
from crawlbench.errors import BenchError
from crawlbench.measure.suite import load_suite, suite_names
from crawlbench.networks import NETWORKS
from crawlbench.operations import Operation, all_operations

__all__ = ["list_names"]


CLIENTS = "crawlbench's extra 'clients'"


class What(StrEnum):
    """What can be listed."""

    STRATEGIES = "strategies"
    LOOPS = "loops"
    OPERATIONS = "operations"
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
    what: Annotated[What, typer.Argument(help="Kind of names to list.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the names that options take, with a few words on each.

    Example: crawlbench list strategies
    """
    if what is What.STRATEGIES:
        _list_strategies(as_json)
        return
    if what in _KINDS:
        rows = [_plugin_row(_KINDS[what], name) for name in registry.names(_KINDS[what])]
        rows += [_family_row(_KINDS[what], glob) for glob in registry.families(_KINDS[what])]
    elif what is What.OPERATIONS:
        rows = [_operation_row(operation) for operation in all_operations()]
    elif what is What.NETWORKS:
        rows = [{"name": name, "about": NETWORKS[name].about} for name in NETWORKS]
    else:
        rows = [{"name": name, "about": _suite(name)} for name in suite_names()]
    if as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*[Text(str(value), overflow="fold") for value in row.values()])
    result_console().print(table)


def _list_strategies(as_json: bool) -> None:
    """List the contestants with what each is made of."""
    facts = [describe_strategy(name) for name in registry.names(registry.Kind.STRATEGY)]
    if as_json:
        rows = [asdict(fact) for fact in facts]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for header in ("strategy", "library", "licence", "model", "HTTP"):
        is_whole = header in {"strategy", "HTTP"}
        table.add_column(header, overflow="fold", no_wrap=is_whole, header_style="bold")
    for fact in facts:
        cells = (fact.name, _library(fact), fact.licence, fact.model, fact.http)
        table.add_row(*map(Text, cells), style=None if fact.installed else "dim")
    console = result_console()
    console.print(table)
    if not all(fact.installed for fact in facts):
        console.print(Text(f"\nOf ours, what is not installed comes with {CLIENTS}"))


def _library(fact: StrategyFacts) -> str:
    return f"{fact.library} {fact.version}" if fact.installed else f"{fact.library} (not installed)"


def _plugin_row(kind: registry.Kind, name: str) -> dict[str, str]:
    try:
        plugin = registry.load(kind, name)
    except BenchError as error:
        return {"name": name, "about": str(error)}
    if kind is registry.Kind.PARSER:
        module = inspect.getmodule(plugin)
        about = (inspect.getdoc(module) or "").partition("\n")[0].partition(" (floor")[0]
        return {"name": name, "about": about}
    return {"name": name, "about": registry.find(kind, name).value}


def _operation_row(operation: Operation) -> dict[str, str]:
    about = operation.about
    if operation.obstacle:
        about += f" (not here: {operation.obstacle})"
    return {"name": operation.name, "theme": operation.theme, "about": about}


def _family_row(kind: registry.Kind, glob: str) -> dict[str, str]:
    return {"name": glob, "about": registry.describe_family(kind, glob)}


def _suite(name: str) -> str:
    suite = load_suite(name)
    if not suite.strategies:
        loops = ", ".join(suite.event_loops)
        return f"operations {', '.join(suite.operations)} of {loops}, {suite.rounds} rounds"
    return f"{', '.join(suite.strategies)} on {', '.join(suite.networks)}, {suite.rounds} rounds"
