"""Adds to msgspec's complaints about a file the value that they are about (floor 0)."""

from __future__ import annotations

import re
from typing import Any

_MAX_LETTERS = 80
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


def steps_of(problem: str) -> list[str | int]:
    """Return the keys and indices that lead to the place that a complaint names."""
    place = problem.partition(" - at `$")[2]
    return [int(at) if at else name for name, at in _STEP.findall(place)]


def with_value(problem: str, fields: Any) -> str:  # noqa: ANN401  (whatever a file holds)
    """Return a complaint with the offending value; unchanged if it is about a whole table.

    Args:
        problem: msgspec's sentence.
        fields: the content of the file.
    """
    seen, steps = fields, steps_of(problem)
    try:
        for step in steps:
            seen = seen[step]
    except (KeyError, IndexError, TypeError):  # some of msgspec's complaints name no place
        return problem
    if not steps or isinstance(seen, dict):
        return problem
    return f"{problem}, seen: {repr(seen)[:_MAX_LETTERS]}"
