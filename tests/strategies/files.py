"""Our strategies as files: what tests ask of all of them before any is imported.

Each process of the suite collects every test. To import each strategy for that, with its library,
took a quarter of the time.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from crawlbench import strategies
from crawlbench.plugins.about import describe_strategy

FOLDER = Path(strategies.__file__).parent
FILES = sorted(path for path in FOLDER.glob("*.py") if path.name != "__init__.py")
OURS = [path.stem.replace("_", "-") for path in FILES]


@cache
def installed():
    """Return the names of ours that can run here; niquests needs an environment of its own."""
    return [name for name in OURS if describe_strategy(name).installed]


def is_written_async(name):
    """Tell by its source whether a strategy needs an event loop."""
    tree = ast.parse((FOLDER / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8"))
    return any(isinstance(n, ast.AsyncFunctionDef) and n.name == "crawl" for n in tree.body)
