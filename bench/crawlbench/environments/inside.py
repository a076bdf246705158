"""Runs within an environment and tells what is there: `python -m crawlbench.environments.inside`.

Reads a JSON object from standard input, kind of plug-in to names, and writes one. Only Python's own
and crawlbench's lowest floors are imported (floor 3).
"""

from __future__ import annotations

import importlib
import json
import sys
from importlib import metadata

from crawlbench import registry
from crawlbench.about import describe_python
from crawlbench.errors import BenchError

__all__ = ["main"]


def main() -> None:
    """Answer what the manager asks."""
    asked = json.load(sys.stdin)
    answer = {
        "python": describe_python(),
        "prefix": sys.prefix,
        "versions": {
            found.name: found.version
            for found in metadata.distributions()
            if found.name != "crawlbench"
        },
        "plugins": {
            kind: {name: _try(registry.Kind[kind], name) for name in names}
            for kind, names in asked.items()
        },
    }
    sys.stdout.write(json.dumps(answer))


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


if __name__ == "__main__":
    main()
