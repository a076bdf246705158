"""Checks that options lie within bounds (floor 5): a refusal is a sentence with the value seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import typer

from crawlbench.base.errors import UsageError
from crawlbench.cli.settings import tell_source

MAX_NUMBER = 10**9
"""Nobody means more than this, and a session with it could not be read back: `records.ranges`."""

Check = Callable[[typer.Context, typer.CallbackParam, Any], Any]
"""Called by typer with the option and its value, or values; returns what it accepts."""


def _source(context: typer.Context, param: typer.CallbackParam) -> str:
    told = tell_source(context, param)
    return f".{told}" if told else ""


def _check(is_right: Callable[[float], bool], wanted: str) -> Check:
    def check(context: typer.Context, param: typer.CallbackParam, value: Any) -> Any:  # noqa: ANN401  (whatever typer read)
        values = value if isinstance(value, list | tuple) else [value]
        for number in values:
            # Asked in the positive: `nan`, which fails every comparison, is refused as well.
            if number is not None and not (number <= MAX_NUMBER and is_right(number)):
                raise UsageError(
                    f"{param.opts[-1]} {number} cannot be used: give {wanted}, "
                    f"{MAX_NUMBER:,} at most{_source(context, param)}"
                )
        return value

    return check


at_least_one = _check(lambda number: number >= 1, "a whole number from 1 on")
positive = _check(lambda number: number > 0, "a number above 0")
not_negative = _check(lambda number: number >= 0, "0 or more")


def number_or_all(
    context: typer.Context, param: typer.CallbackParam, value: str | None
) -> str | None:
    """Return how many CPUs were asked for.

    Raises:
        UsageError: it is neither a whole number from 1 on nor `all`.
    """
    if value is None or value == "all" or re.fullmatch(r"[1-9][0-9]{0,4}", value):
        return value
    raise UsageError(
        f"{param.opts[-1]} {value!r} cannot be used: give a whole number from 1 on, or all"
        f"{_source(context, param)}"
    )
