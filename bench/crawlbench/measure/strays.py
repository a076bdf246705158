"""Requests that came in another's turn: whose they are, and what they spoil (floor 3; pure).

Each cell comes in by a door of its own at its mirror, which tells what came by which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.text import count_of
from crawlbench.measure.invariants import VALUE_SHARE

if TYPE_CHECKING:
    from crawlbench.base.counters import Counters
    from crawlbench.base.errors import CellError

__all__ = ["explain", "find_strays", "holds_up"]


def holds_up(counters: Counters, seconds: float) -> bool:
    """Tell whether strays can have moved a value by more than the differences that matter.

    Args:
        counters: what the mirror counted meanwhile.
        seconds: that the value took.
    """
    return counters.held_up_s > VALUE_SHARE * seconds


def explain(error: CellError, counters: Counters) -> CellError:
    """Return why a cell failed, which may be the doing of others."""
    strays = sum(counters.strays.values())
    if not strays:
        return error
    text = f"{error}; meanwhile others asked the mirror for {count_of(strays, 'page')}"
    return type(error)(text, error.detail)


def find_strays(counters: Counters, measured: str, *, is_spoilt: bool) -> dict[str, str]:
    """Return what is held against each cell whose turn it was not, by name.

    Args:
        counters: what the mirror counted in a turn, and since the turn before.
        measured: the cell whose turn it was.
        is_spoilt: whether its value is left out.
    """
    fate = "is left out" if is_spoilt else "was not moved by that"
    early = {
        name: f"it asked for {count_of(requests, 'page')} while it was nobody's turn"
        for name, requests in counters.early.items()
    }
    return early | {
        name: f"it asked for {count_of(requests, 'page')} during another's turn: "
        f"the value of {measured} {fate}"
        for name, requests in counters.strays.items()
    }
