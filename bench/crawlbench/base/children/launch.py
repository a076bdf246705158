"""The command and the environment of a child (floor 0)."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

CHANGING_VARIABLES = (
    "PYTHONASYNCIODEBUG",
    "PYTHONDEVMODE",
    "PYTHONINSPECT",
    "PYTHONPROFILEIMPORTTIME",
    "PYTHONTRACEMALLOC",
    "PYTHONVERBOSE",
)
"""Variables for the user's own Python: they would slow a child down or keep it from ending."""
INSTALLED_FIRST = "CRAWLBENCH_INSTALLED_FIRST"
"""Variable that is set in environments that are compared. There, installed packages are found
before modules that lie beside a plug-in's file: otherwise a checkout beside a strategy would take
the place of the package in both environments."""


def python_command(module: str, *arguments: str, python: Sequence[str] = ()) -> list[str]:
    """Return the command that runs a module.

    Args:
        module: the module, as after `python -m`.
        arguments: the module's own command line.
        python: another interpreter and its flags; empty for the one that runs this process.
    """
    # -P: otherwise a file in the current folder could be run in place of the library's.
    return [*(python or (sys.executable,)), "-P", "-m", module, *arguments]


def clean_environment(
    changes: Mapping[str, str] | None = None, without: Collection[str] = ()
) -> dict[str, str]:
    """Return this process's environment variables without those that would change a child.

    Args:
        changes: variables to add or replace.
        without: further variables to leave out.
    """
    away = {*CHANGING_VARIABLES, *without}
    kept = {name: value for name, value in os.environ.items() if name not in away}
    # An empty entry means the current folder, which nobody has named.
    named = [entry for entry in kept.pop("PYTHONPATH", "").split(os.pathsep) if entry]
    if named:
        kept["PYTHONPATH"] = os.pathsep.join(named)
    return {**kept, **(changes or {})}
