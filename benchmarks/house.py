"""Counts the figures of the house's design in the source as it is today.

`make house` prints them beside the goals, or with `--no-times` without the two figures that have to
be measured. `tests/test_house.py` enforces those that a test can check, by the same functions.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import random
import re
import subprocess
import sys
import time
import tokenize
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import crawlbench
from crawlbench.stats.judge import judge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(crawlbench.__file__).parent
SMALL = 40
"""A file with fewer lines may be half of a noun that was split in two."""
FEATURES = {
    "archive": ("archive",),
    "check": ("check", "checks"),
    "cluster": ("cluster", "fingerprint", "random_effects", "scheduler"),
    "compare": ("compare", "change", "changes", "history", "history_page", "bisection", "aa"),
    "environments": ("environment", "environments"),
    "load": ("load",),
    "probe": ("probe",),
    "reference": ("reference", "submit"),
}
"""Each feature, and the names of its files (or rooms) anywhere in the house."""
ROOM_FEATURES = tuple(name for name in FEATURES if name != "compare")
"""Features that have a room of their own; comparing is in `stats/` and `report/`."""
WHOLE = ("cli", "strategies")
"""Rooms whose functions are long for a reason: a command's options are its parameters, and a
strategy is one function that is read from top to bottom."""
PLUGINS = ("strategies.", "sites.parsers.", "plugins.loops.")
"""Rooms of one small file for each plug-in, which are meant to be small."""
CALLED = {"Verdict.FASTER", "Verdict.SLOWER"}
FRONT = {"cli", "__main__", "__init__"}
"""The room that every feature touches, because its command is there."""
PRAGMA = re.compile(r"#\s*(noqa|type:|pragma|fmt:)")
"""What tools read."""
REPEATS = 5
CELLS, ROUNDS, LAPS = 1_000, 10, 5


@dataclass(frozen=True, slots=True)
class Module:
    """One source file, parsed."""

    name: str
    """Dotted, without `crawlbench`, such as `stats.judge`; a package has its folder's name."""
    path: Path
    lines: int
    tree: ast.Module

    @property
    def room(self) -> str:
        """The top-level folder or file that contains it."""
        return self.name.partition(".")[0] or "__init__"


@dataclass(frozen=True, slots=True)
class Function:
    """One function and its length."""

    name: str
    """Module and function: `stats.judge:judge`."""
    lines: int
    """Lines from `def` to its end, as `wc` counts."""
    code: int
    """The same lines without the docstring."""
    body: int
    """Lines of its statements, without signature and docstring."""

    @property
    def room(self) -> str:
        """The top-level folder or file that contains it."""
        return self.name.partition(":")[0].partition(".")[0]


@cache
def modules() -> tuple[Module, ...]:
    """Return all modules of ours, in the order of their paths."""
    return tuple(_read(path) for path in sorted(ROOT.rglob("*.py")))


def _read(path: Path) -> Module:
    parts = path.relative_to(ROOT).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    text = path.read_text(encoding="utf-8")
    return Module(name, path, len(text.splitlines()), ast.parse(text))


@cache
def functions() -> tuple[Function, ...]:
    """Return every function and method."""
    return tuple(
        _measure(module, node)
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def _measure(module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Function:
    end = node.end_lineno or node.lineno
    told = ast.get_docstring(node) is not None
    docstring = (node.body[0].end_lineno or 0) - node.body[0].lineno + 1 if told else 0
    statements = node.body[1:] if told else node.body
    body = end - statements[0].lineno + 1 if statements else 0
    lines = end - node.lineno + 1
    return Function(f"{module.name}:{node.name}", lines, lines - docstring, body)


@cache
def imports(module: Module) -> set[str]:
    """Return our modules that a module imports at run time, also inside functions.

    Imports under `if TYPE_CHECKING` are left out: types may be named in both directions.
    """
    known = _names()
    found = set()
    for node in _running(module.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from crawlbench.base.records import Plan` may name a module or a name in one
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if _short(name) in known else node.module for name in full}
    ours = {_short(name) for name in found if name.startswith("crawlbench.")}
    return ours & known - {module.name}


@cache
def _names() -> set[str]:
    return {module.name for module in modules()}


def _short(name: str) -> str:
    return name.removeprefix("crawlbench.")


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a tree without the imports that only the type checker uses."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from _running(child)


def arrows() -> set[tuple[str, str]]:
    """Return all pairs of rooms of which the first imports the second."""
    pairs = {
        (module.room, name.partition(".")[0]) for module in modules() for name in imports(module)
    }
    return {(one, other) for one, other in pairs if one != other}


def circles() -> list[tuple[str, ...]]:
    """Return the circles of modules that import each other, directly or by way of others."""
    return find_circles({module.name: imports(module) for module in modules()})


def find_circles(graph: dict[str, set[str]]) -> list[tuple[str, ...]]:
    """Return the circles of a graph: each begins and ends with the same name."""
    found: list[tuple[str, ...]] = []
    done: set[str] = set()
    for start in graph:
        _walk(graph, [start], done, found)
    return found


def _walk(
    graph: dict[str, set[str]], path: list[str], done: set[str], found: list[tuple[str, ...]]
) -> None:
    if path[-1] in done:
        return
    for name in sorted(graph[path[-1]]):
        if name in path:
            found.append((*path[path.index(name) :], name))
        else:
            _walk(graph, [*path, name], done, found)
    done.add(path[-1])


def feature_rooms(feature: str) -> set[str]:
    """Return the rooms in which a feature has files, except cli."""
    words = set(FEATURES[feature])
    return {module.room for module in modules() if words & set(module.name.split("."))} - FRONT


def interval_classes() -> list[str]:
    """Return the classes that have fields for the two ends of an interval."""
    found = []
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                fields = {ast.unparse(x.target) for x in node.body if isinstance(x, ast.AnnAssign)}
                if {"low", "high"} <= fields:
                    found.append(f"{module.name}:{node.name}")
    return found


def verdict_homes() -> list[str]:
    """Return the modules that decide that something is faster or slower.

    A module that compares a verdict only asks for it; one that stores, returns or passes one
    decides. `report/` words verdicts and turns them round, and `base/records/` lists them, so these
    rooms do not count.
    """
    return [
        module.name
        for module in modules()
        if not module.name.startswith(("report.", "base.records."))
        and any(find_decisions(module.tree))
    ]


def find_decisions(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield each `Verdict.FASTER` or `Verdict.SLOWER` that is not merely compared with."""
    asked = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        for part in ast.walk(node)
    }
    for node in ast.walk(tree):
        is_asked = id(node) in asked
        if not is_asked and isinstance(node, ast.Attribute) and ast.unparse(node) in CALLED:
            yield node


def any_dicts() -> int:
    """Return how often `dict[str, Any]` is written."""
    return sum(
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and ast.unparse(node) == "dict[str, Any]"
        for module in modules()
        for node in ast.walk(module.tree)
    )


def comments_per_thousand() -> float:
    """Return how many comments there are per 1,000 lines that are not blank, without pragmas."""
    comments = lines = 0
    for module in modules():
        with module.path.open("rb") as file:
            tokens = list(tokenize.tokenize(file.readline))
        comments += sum(
            one.type == tokenize.COMMENT and not PRAGMA.match(one.string) for one in tokens
        )
        lines += sum(
            map(bool, map(str.strip, module.path.read_text(encoding="utf-8").splitlines()))
        )
    return 1000 * comments / lines


def modules_behind_version() -> int:
    """Return how many of our modules `crawlbench --version` has loaded when it ends."""
    script = (
        "import atexit, sys\n"
        "ours = lambda: sum(name.split('.')[0] == 'crawlbench' for name in sys.modules)\n"
        "atexit.register(lambda: print(ours()))\n"
        "from crawlbench.cli import main\n"
        "main()\n"
    )
    call = [sys.executable, "-c", script, "--version"]
    outcome = subprocess.run(call, stdout=subprocess.PIPE, text=True, check=True)
    return int(outcome.stdout.split()[-1])


def cpu_of_version() -> float:
    """Return the CPU seconds of `crawlbench --version`, as the median of several calls."""
    return median(_cpu_of_call() for _ in range(REPEATS))


def _cpu_of_call() -> float:
    import resource  # noqa: PLC0415  (not on Windows, where all else here works)

    used = []
    for step in range(2):
        seen = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(seen.ru_utime + seen.ru_stime)
        if step == 0:
            call = [sys.executable, "-P", "-m", "crawlbench", "--version"]
            subprocess.run(call, stdout=subprocess.DEVNULL, check=True)
    return next(after - before for before, after in pairwise(used))


def cpu_of_judgement() -> float:
    """Return the CPU seconds that it takes to judge a session of a thousand cells once."""
    builders = importlib.import_module("tests.stats.builders")  # by name: it is not annotated
    dice = random.Random(1)
    cells = [builders.other(f"strategy-{number}") for number in range(CELLS - 2)]
    plan = builders.make_plan(*cells, rounds=ROUNDS, laps=LAPS)
    rounds = [
        {cell: [dice.gauss(1.0, 0.05) for _ in range(LAPS)] for cell in plan.cells}
        for _ in range(ROUNDS)
    ]
    session = builders.make_session(plan, rounds)
    begun = time.process_time()
    judge(session)
    return time.process_time() - begun


def is_plugin(module: Module) -> bool:
    """Return whether a module is one of many that are meant to be small."""
    return module.name.startswith(PLUGINS)


def counted() -> list[tuple[str, str, str]]:
    """Return the figures that are counted in the source: name, figure and goal."""
    few = [module for module in modules() if module.lines < SMALL]
    plugins = sum(map(is_plugin, few))
    heads = sum(module.path.name == "__init__.py" and not is_plugin(module) for module in few)
    small = f"{len(few)}, of them {plugins} plug-ins and {heads} that open a package"
    rooms = {module.room for module in modules()} - {"__init__", "__main__"}
    widest = max(FEATURES, key=lambda name: len(feature_rooms(name)))
    touched = f"{len(feature_rooms(widest))} ({widest}: {', '.join(sorted(feature_rooms(widest)))})"
    return [
        ("lines", f"{sum(module.lines for module in modules()):,}", "34,000 and new features"),
        ("files", f"{len(modules())}", "240 and new features"),
        (f"files under {SMALL} lines", small, "15"),
        ("top rooms", f"{len(rooms)}", "21"),
        ("arrows between them", f"{len(arrows())}", "75"),
        ("circles of modules", f"{len(circles())}", "0"),
        ("most rooms that a feature touches, cli apart", touched, "2"),
        ("longest function", _longest("lines", ()), "40"),
        ("the same without docstring, cli and strategies apart", _longest("code", WHOLE), "40"),
        ("longest body of a command, its options apart", _longest("body", (), "cli"), "40"),
        ("classes with an interval", f"{len(interval_classes())}", "3"),
        ("comments per 1,000 lines", f"{comments_per_thousand():.0f}", "37 to 108, as our models"),
        ("homes of the verdict rule", f"{len(verdict_homes())}", "1"),
        ("modules of ours behind --version", f"{modules_behind_version()}", "10"),
        ("dict[str, Any]", f"{any_dicts()}", "30"),
    ]


def _longest(measure: str, without: Sequence[str], room: str | None = None) -> str:
    found = [one for one in functions() if one.room not in without and room in (None, one.room)]
    longest = max(found, key=lambda one: getattr(one, measure))
    return f"{getattr(longest, measure)} ({longest.name})"


def timed() -> list[tuple[str, str, str]]:
    """Return the figures that have to be measured: name, figure and goal."""
    judged = f"CPU of one judgement, {CELLS:,} cells, {ROUNDS} x {LAPS}"
    return [
        ("CPU of --version", f"{cpu_of_version():.2f} s", "0.12 s"),
        (judged, f"{cpu_of_judgement():.2f} s", "0.5 s"),
    ]


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--no-times", action="store_true", help="leave out what takes a measurement"
    )
    options = parser.parse_args()
    rows = counted() + ([] if options.no_times else timed())
    print("| figure | today | goal |\n| --- | ---: | ---: |")
    for name, figure, goal in rows:
        print(f"| {name} | {figure} | {goal} |")


if __name__ == "__main__":
    main()
