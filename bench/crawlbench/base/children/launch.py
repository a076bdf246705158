"""The command and the environment of a child (floor 0)."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

__all__ = ["clean_environment", "python_command"]

CHANGING_VARIABLES = (
    "PYTHONASYNCIODEBUG",
    "PYTHONDEVMODE",
    "PYTHONINSPECT",
    "PYTHONPROFILEIMPORTTIME",
    "PYTHONTRACEMALLOC",
    "PYTHONVERBOSE",
)
"""Meant for the user's own Python: a child would be slower, or would not end."""


def python_command(module: str, *arguments: str, python: Sequence[str] = ()) -> list[str]:
    """Return the command that runs a module.

    Args:
        module: as after `python -m`.
        arguments: of the module.
        python: another interpreter and its flags; empty for the one that runs this.
    """
    # -P: else whatever lies in the current folder is executed in place of the library's.
    return [*(python or (sys.executable,)), "-P", "-m", module, *arguments]


def clean_environment(
    changes: Mapping[str, str] | None = None, without: Collection[str] = ()
) -> dict[str, str]:
    """Return this process's environment variables without those that would change a child.

    Args:
        changes: variables to add or to replace.
        without: more that are to be left out.
    """
    away = {*CHANGING_VARIABLES, *without}
    kept = {name: value for name, value in os.environ.items() if name not in away}
    # An empty entry stands for the current folder, which nobody has named.
    named = [entry for entry in kept.pop("PYTHONPATH", "").split(os.pathsep) if entry]
    if named and "PYTHONPATH" not in away:
        kept["PYTHONPATH"] = os.pathsep.join(named)
    return {**kept, **(changes or {})}
