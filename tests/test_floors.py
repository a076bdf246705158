"""Holds the house's rule: a floor imports only from below, rooms on a floor do not mix."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import crawlbench

ROOT = Path(crawlbench.__file__).parent
FLOORS = {
    "base": 0,
    "plugins": 1,
    "sites": 1,
    "strategies": 2,
    "operations": 2,
    "stats": 2,
    "mirror": 2,
    "measure": 3,
    "probe": 3,
    "report": 3,
    "environments": 4,
    "archive": 4,
    "load": 4,
    "check": 4,
    "cluster": 4,
    "reference": 4,
    "cli": 5,
    "library": 5,
    "__main__": 6,
    "__init__": 6,  # names what the library has, and imports it when that is used
}
SHARED_FLOORS = {0, 1}
"""Floors whose rooms may use each other: nouns, and what plugs into them."""
MODULES = sorted(ROOT.rglob("*.py"))


@cache
def trees():
    """Return each module, parsed."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}


def room_of(module):
    """Return the top-level part of a dotted module below crawlbench."""
    return module.split(".")[1] if "." in module else "__init__"


def imports_of(path):
    """Return the modules of ours that a file imports, also within functions and type checks."""
    names = set()
    for node in ast.walk(trees()[path]):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if base == "crawlbench":
                names.update(f"crawlbench.{alias.name}" for alias in node.names)
            else:
                names.add(base)
    ours = {name for name in names if name.startswith("crawlbench.")}
    return {name for name in ours if name != "crawlbench.__version__"}


def crossings():
    """Yield each import that does not go down, as a sentence."""
    for path in MODULES:
        own = path.relative_to(ROOT).with_suffix("").parts[0]
        for module in sorted(imports_of(path)):
            other = room_of(module)
            allowed = other == own or FLOORS[other] < FLOORS[own]
            allowed |= FLOORS[other] == FLOORS[own] and FLOORS[own] in SHARED_FLOORS
            if not allowed:
                yield f"{path.relative_to(ROOT)} (floor {FLOORS[own]}) imports {module}"


def test_floor_imports_only_from_below():
    """Data flows one way, down the floors."""
    assert not list(crossings())


def passed_on(path):
    """Yield each name that a file takes from a module of ours that itself imported it."""
    homes = {
        alias.asname or alias.name: node.module
        for node in ast.walk(trees()[path])
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for name, module in homes.items():
        neighbour = ROOT.parent / f"{(module or '').replace('.', '/')}.py"
        if neighbour in trees() and name in names_brought_in(neighbour):
            yield f"{path.relative_to(ROOT)} takes {name} from {module}"


@cache
def names_brought_in(path):
    """Return the names that a module imports."""
    found = (node for node in ast.walk(trees()[path]) if isinstance(node, ast.ImportFrom))
    return {alias.asname or alias.name for node in found for alias in node.names}


def test_names_come_from_their_home():
    """Only a package's `__init__.py` passes names on, those of its `__all__`."""
    assert not [found for path in MODULES for found in passed_on(path)]
    assert not [path for path in MODULES if path.name != "__init__.py" and _lists_names(path)]


def _lists_names(path):
    assigned = (node for node in trees()[path].body if isinstance(node, ast.Assign))
    return any(getattr(node.targets[0], "id", "") == "__all__" for node in assigned)


def names_its_floor(path):
    """Return whether a module opens with what it is for; strategies need not name their floor."""
    docstring = ast.get_docstring(trees()[path]) or ""
    is_strategy = path.parent.name == "strategies" and path.name != "__init__.py"
    is_free = is_strategy or path == ROOT / "__init__.py"
    room = path.relative_to(ROOT).with_suffix("").parts[0]
    return bool(docstring) and (is_free or f"(floor {FLOORS[room]}" in docstring)


def test_modules_say_what_they_are_for():
    """Each opens with a docstring, which names the floor of its room."""
    assert not [path for path in MODULES if not names_its_floor(path)]


def test_modules_are_of_bearable_size():
    """A file is one noun; beyond 300 lines it is two."""
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert len(lines) > 300
    assert not {path: count for path, count in lines.items() if count > 300}
