"""`crawlbench list`: the names that options take, with a few words on each (floor 5)."""

from __future__ import annotations

import inspect
import sys
from dataclasses import asdict
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, metadata
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from crawlbench.base.errors import BenchError
from crawlbench.cli.consoles import result_console, tell
from crawlbench.cli.options import AsJson
from crawlbench.cli.output import print_json
from crawlbench.measure.suite import describe_suite, suite_names
from crawlbench.mirror.networks import NETWORKS
from crawlbench.operations import Operation, all_operations
from crawlbench.plugins import registry
from crawlbench.plugins.about import StrategyFacts, describe_strategy
from crawlbench.plugins.extras import extra_of


class What(StrEnum):
    """What can be listed."""

    STRATEGIES = "strategies"
    LOOPS = "loops"
    OPERATIONS = "operations"
    PARSERS = "parsers"
    SITES = "sites"
    NETWORKS = "networks"
    SUITES = "suites"


Row = dict[str, str]
"""Text by column, in the order of the columns."""

_ABOUT = {
    What.STRATEGIES: "ways to crawl, for -s",
    What.LOOPS: "event loops, for -l",
    What.OPERATIONS: "things that an event loop does, for --operation",
    What.PARSERS: "ways to read a page, for --parser",
    What.SITES: "what can be crawled, for --site",
    What.NETWORKS: "what the mirror can play, for -n",
    What.SUITES: "ready-made sessions, for crawlbench run",
}
_KINDS = {
    What.STRATEGIES: registry.Kind.STRATEGY,
    What.LOOPS: registry.Kind.EVENT_LOOP,
    What.PARSERS: registry.Kind.PARSER,
    What.SITES: registry.Kind.SITE,
}


def list_names(
    what: Annotated[
        What | None, typer.Argument(help="Kind of names to list; by default an overview of all.")
    ] = None,
    verbose: Annotated[
        bool,
        typer.Option("-v", "--verbose", help="Show libraries, licences and protocols as well."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the names that options take, with a few words on each.

    In a pipe, each name gets one line, with its columns separated by tabs.

    Example: crawlbench list strategies
    """
    if what is None:
        rows = [_overview_row(kind) for kind in What]
    elif what is What.STRATEGIES:
        facts = [describe_strategy(name) for name in registry.names(registry.Kind.STRATEGY)]
        rows = [asdict(fact) if as_json else _strategy_row(fact, verbose) for fact in facts]
    else:
        rows = _rows(what)
    if as_json:
        print_json(rows)
        return
    _print(rows)
    if what is What.STRATEGIES and (absent := _absent_extras(facts)):
        tell(f"what crawlbench can measure but is not installed here comes with {absent}")


def _absent_extras(facts: list[StrategyFacts]) -> str:
    """Return the extras that bring what is not installed; empty if nothing of ours is missing."""
    extras = sorted({extra_of(fact.library) for fact in facts if not fact.installed} - {""})
    names = " and ".join(filter(None, (", ".join(map(repr, extras[:-1])), *map(repr, extras[-1:]))))
    return f"crawlbench's extra{'' if len(extras) == 1 else 's'} {names}" if extras else ""


def _rows(what: What) -> list[Row]:
    if what is What.OPERATIONS:
        return [_operation_row(operation) for operation in all_operations()]
    if what is What.NETWORKS:
        return [{"name": name, "about": NETWORKS[name].about} for name in NETWORKS]
    if what is What.SUITES:
        return [{"name": name, "about": describe_suite(name)} for name in suite_names()]
    kind = _KINDS[what]
    return [
        *({"name": name, "about": _plugin(kind, name)} for name in registry.names(kind)),
        *({"name": glob, "about": _family(kind, glob)} for glob in registry.families(kind)),
    ]


def _print(rows: list[Row]) -> None:
    """Print a table on a terminal, elsewhere one line per row, for grep and cut."""
    console = result_console()
    if not console.is_terminal:
        lines = ("\t".join(map(str, row.values())) for row in rows)
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for column in rows[0]:
        table.add_column(no_wrap=column == "name", overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row.values()))
    console.print(table)


def _overview_row(what: What) -> Row:
    if what is What.STRATEGIES:
        names = registry.names(registry.Kind.STRATEGY)
    elif what in _KINDS:
        # Not by `_rows`, which imports each plug-in in order to describe it.
        names = [*registry.names(_KINDS[what]), *registry.families(_KINDS[what])]
    else:
        names = [row["name"] for row in _rows(what)]
    return {"name": what.value, "count": str(len(names)), "about": _ABOUT[what]}


def _strategy_row(fact: StrategyFacts, is_verbose: bool) -> Row:
    about = fact.about if fact.installed else f"{fact.about} (not installed)"
    row = {"name": fact.name, "about": about}
    if not is_verbose:
        return row
    library = f"{fact.library} {fact.version}".strip()
    return {
        **row,
        "library": library,
        "licence": fact.licence,
        "model": fact.model,
        "HTTP": fact.http,
    }


def _plugin(kind: registry.Kind, name: str) -> str:
    """Return a line that says what a plug-in is, or why it cannot be used here."""
    try:
        registry.load(kind, name)
    except BenchError as error:
        return str(error)
    point = registry.find(kind, name)
    if point.dist is not None and kind is registry.Kind.EVENT_LOOP:
        package = point.value.partition(".")[0].partition(":")[0]
        if package != "crawlbench":
            return _summary(package, point.value)
    module = sys.modules[point.value.partition(":")[0]]
    # Our own docstrings end with the floor, which no user asks for.
    return (inspect.getdoc(module) or point.value).partition("\n")[0].partition(" (floor")[0]


def _summary(package: str, otherwise: str) -> str:
    """Return what a package says about itself, in a line."""
    if package in sys.stdlib_module_names:
        return f"Python's own: {otherwise}"
    try:
        return metadata(package)["Summary"] or otherwise
    except PackageNotFoundError:
        return otherwise


def _family(kind: registry.Kind, glob: str) -> str:
    about = registry.describe_family(kind, glob).removeprefix("Return ")
    return about[:1].upper() + about[1:]


def _operation_row(operation: Operation) -> Row:
    about = operation.about
    if operation.obstacle:
        about += f" (not here: {operation.obstacle})"
    return {"name": operation.name, "theme": operation.theme, "about": about}
