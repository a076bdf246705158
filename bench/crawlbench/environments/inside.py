"""Runs within an environment and tells what is there: `python -m crawlbench.environments.inside`.

Reads a JSON object from standard input, kind of plug-in to names, and writes one. Only Python's own
and crawlbench's lowest floors are imported (floor 3).
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from importlib import metadata
from typing import TYPE_CHECKING

from crawlbench import registry
from crawlbench.about import describe_python
from crawlbench.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["main"]


def main() -> None:
    """Answer what the manager asks."""
    # Plug-ins may print when they are imported: that goes to standard error, the answer alone here.
    answer_to = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    asked = json.load(sys.stdin)
    installed = [found for found in metadata.distributions() if found.name != "crawlbench"]
    answer = {
        "python": describe_python(),
        "prefix": sys.prefix,
        "versions": {found.name: found.version for found in installed},
        "plugins": {
            kind: {name: _try(registry.Kind[kind], name) for name in names}
            for kind, names in asked.items()
        },
        "local": [found.name for found in installed if _is_local(found)],
        "requires": {found.name: found.requires or [] for found in installed},
    }
    answer["imported"] = _imported(installed)  # after the plug-ins
    with answer_to:
        json.dump(answer, answer_to)


def _try(kind: registry.Kind, name: str) -> dict[str, object]:
    """Import a plug-in, and say whether it is `async`, or why it cannot be had."""
    try:
        if kind is registry.Kind.STRATEGY:
            return {"is_async": registry.is_async(name), "trouble": ""}
        registry.load(kind, name)
        if kind is registry.Kind.EVENT_LOOP:
            importlib.import_module(registry.declared_module(name) or "asyncio")
    except BenchError as error:
        return {"is_async": False, "trouble": str(error)}
    return {"is_async": False, "trouble": ""}


def _is_local(found: metadata.Distribution) -> bool:
    """Tell whether a distribution was installed from a folder or a wheel on this machine."""
    try:
        about = json.loads(found.read_text("direct_url.json") or "{}")
        return str(about.get("url", "")).startswith("file:")
    except (ValueError, AttributeError):
        return False


def _imported(installed: Iterable[metadata.Distribution]) -> list[str]:
    """Return the distributions of which this process has imported a file."""
    # `__dict__`, since some modules import others when they are asked for what they do not have.
    files = [getattr(module, "__dict__", {}).get("__file__") for module in sys.modules.values()]
    loaded = {file for file in files if isinstance(file, str)}
    return [
        found.name
        for found in installed
        if any(str(found.locate_file(file)) in loaded for file in found.files or ())
    ]


if __name__ == "__main__":
    main()
