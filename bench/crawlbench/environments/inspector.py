"""Reports from inside an environment: `python -m crawlbench.environments.inspector`.

It reads a JSON object from standard input (names of plug-ins by kind) and writes another to
standard output. It imports only Python's own modules and crawlbench's lowest floors (floor 4).
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING

from crawlbench.base.children import open_channel
from crawlbench.plugins import registry
from crawlbench.plugins.about import describe_python
from crawlbench.plugins.scouts import describe_plugin

if TYPE_CHECKING:
    from collections.abc import Iterable


def main() -> None:
    """Answer the manager's question."""
    # Plug-ins may print when they are imported; that goes to standard error instead.
    say = open_channel()
    asked = json.load(sys.stdin)
    # The first of a name on the import path is the one that is imported.
    every = [found for found in metadata.distributions() if found.metadata["Name"]]
    first = {found.name: found for found in reversed(every)}
    # Our own copy is on the path with its metadata, but it is not installed.
    installed = [found for name, found in first.items() if name != "crawlbench"]
    answer = {
        "python": describe_python(),
        "prefix": sys.prefix,
        "versions": {found.name: found.version for found in installed},
        "plugins": {
            kind: {name: asdict(describe_plugin(registry.Kind[kind], name)) for name in names}
            for kind, names in asked.items()
        },
        "local": [found.name for found in installed if _is_local(found)],
        "requires": {found.name: found.requires or [] for found in installed},
    }
    answer["imported"] = _imported(installed)  # after the plug-ins
    say(answer)


def _is_local(found: metadata.Distribution) -> bool:
    """Return whether a distribution was installed from a folder or a wheel on this machine."""
    try:
        about = json.loads(found.read_text("direct_url.json") or "{}")
        return str(about.get("url", "")).startswith("file:")
    except (ValueError, AttributeError):
        return False


def _imported(installed: Iterable[metadata.Distribution]) -> list[str]:
    """Return the distributions from which this process has imported a file."""
    # `__dict__`, because some modules import others when asked for a missing attribute.
    files = [getattr(module, "__dict__", {}).get("__file__") for module in sys.modules.values()]
    loaded = {file for file in files if isinstance(file, str)}
    return [
        found.name
        for found in installed
        if any(str(found.locate_file(file)) in loaded for file in found.files or ())
    ]


if __name__ == "__main__":
    main()
