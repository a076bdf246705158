"""Says in a sentence why something typed cannot be used, and what would do instead (floor 5)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawlbench.cli.habits import suggest, suggest_fewer, suggest_number
from crawlbench.cli.settings import tell_source

if TYPE_CHECKING:
    from typer import TyperException

_NUMBERS = {"int": "whole number", "float": "number", "finite": "number"}
"""Beginnings of the names of pydantic's complaints, to what it expected."""
_EXTRA = re.compile(r"Got unexpected extra argument(?:\(s\)|s)? \((.*)\)")


def explain_misuse(error: TyperException) -> str:
    """Return a line that says what cannot be used, and what may have been meant."""
    message, hint = _explain_value(error) or _explain_extra(error) or _explain(error)
    end = "?" if "Did you mean" in message else "."
    source = tell_source(getattr(error, "ctx", None), getattr(error, "param", None))
    return f"{message}{end}{hint}{source} See --help."


def _explain(error: TyperException) -> tuple[str, str]:
    """Return typer's own words, and what an option or command of another tool is called here."""
    message, hint = error.format_message().rstrip(".?"), suggest(error)
    # What we know of other tools is surer than typer's guess by spelling.
    if hint:
        message = message.partition(" (Possible options")[0].partition(". Did you mean")[0]
    return message.replace(": Value error, ", ": "), hint


def _explain_value(error: TyperException) -> tuple[str, str] | None:
    """Return what is not a number, with what was typed; None if that is not the problem."""
    # typer has pydantic read numbers; what that complained of is the cause of its own error.
    param, tell = getattr(error, "param", None), getattr(error.__cause__, "errors", None)
    if param is None or tell is None:
        return None
    first = tell()[0]
    wanted = next((noun for kind, noun in _NUMBERS.items() if first["type"].startswith(kind)), "")
    name, typed = max(param.opts, key=len), first["input"]
    if first["type"].endswith("than_equal"):
        due = first["msg"].replace("Input should be", "it must be")
        return f"{name} {typed!r} cannot be used: {due}", ""
    if not wanted:
        return None
    return f"{name} {typed!r} is not a {wanted}", suggest_number(str(typed), param)


def _explain_extra(error: TyperException) -> tuple[str, str] | None:
    """Return which argument is too many; None if that is not the problem."""
    found = _EXTRA.fullmatch(error.format_message().rstrip("."))
    context = getattr(error, "ctx", None)
    if found is None or context is None:
        return None
    first = found[1].partition(" ")[0]
    path = context.command_path.removeprefix("crawlbench ")
    return f"{first!r} is more than {path} takes", suggest_fewer(first, context)
