"""Decides by an error whether a loop lacks something or is wrong (floor 3)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from crawlbench.base.errors import BenchError
from crawlbench.operations import Operation, OperationWrong
from crawlbench.probe.findings import Support

if TYPE_CHECKING:
    from types import TracebackType

LONGEST_REASON = 200
"""Characters."""


class NotHere(BenchError):  # noqa: N818  (no fault, a fact)
    """Raised by a probe when this Python or machine lacks what it tries, with any loop."""


def judge_error(operation: Operation, error: BaseException) -> tuple[Support, str]:
    """Return what an error shows about a loop, and the reason in one line."""
    if isinstance(error, NotHere):
        return Support.NOT_HERE, str(error)
    if isinstance(error, OperationWrong):
        return Support.WRONG, _one_line(str(error))
    words = _one_line(f"{type(error).__name__}: {error}".rstrip(": "))
    if isinstance(error, operation.refusals):
        # Without a text, only the place tells what is not implemented.
        inside = f" in {_where(error.__traceback__)}" if not str(error) else ""
        return Support.NOT_IMPLEMENTED, words + inside
    if isinstance(error, AttributeError) and _is_missing_method(error):
        return Support.NOT_IMPLEMENTED, words
    return Support.WRONG, words


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_REASON else line[:LONGEST_REASON] + "..."


def _where(traceback: TracebackType | None) -> str:
    """Return the name of the function that raised."""
    name = "?"
    while traceback:
        name = traceback.tb_frame.f_code.co_name
        traceback = traceback.tb_next
    return name.rpartition(".")[2]


def _is_missing_method(error: AttributeError) -> bool:
    """Return whether a public attribute is missing that loops or transports should have."""
    owners = asyncio.AbstractEventLoop | asyncio.BaseTransport | asyncio.Handle
    return isinstance(error.obj, owners) and not str(error.name).startswith("_")
