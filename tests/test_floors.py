"""Holds the house's rule: a floor imports only from below, rooms on a floor do not mix."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

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


def room_of(module):
    """Return the top-level part of a dotted module below crawlbench."""
    return module.split(".")[1] if "." in module else "__init__"


def imports_of(path):
    """Return the modules of ours that a file imports, also within functions and type checks."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
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


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_floor_imports_only_from_below(path):
    """Data flows one way, down the floors."""
    own = path.relative_to(ROOT).with_suffix("").parts[0]
    for module in imports_of(path):
        other = room_of(module)
        if other == own:
            continue
        allowed = FLOORS[other] < FLOORS[own]
        allowed |= FLOORS[other] == FLOORS[own] and FLOORS[own] in SHARED_FLOORS
        assert allowed, f"{path.name} (floor {FLOORS[own]}) imports {module}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_module_says_what_it_is_for(path):
    """Each module opens with a docstring; all but the strategies name their floor."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring
    is_strategy = path.parent.name == "strategies" and path.name != "__init__.py"
    assert is_strategy or path == ROOT / "__init__.py" or "(floor " in docstring


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_module_is_a_room_of_bearable_size(path):
    """A file is one noun; beyond 300 lines it is two."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
