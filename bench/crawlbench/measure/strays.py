"""Finds requests that came during another cell's turn, and what they spoil (floor 3; pure).

Each cell has its own door at its mirror, which tells whose requests they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.text import count_of
from crawlbench.measure.unrest import VALUE_SHARE

if TYPE_CHECKING:
    from crawlbench.base.counters import Counters
    from crawlbench.base.errors import CellError


def holds_up(counters: Counters, seconds: float) -> bool:
    """Return whether strays can have moved a value of so many seconds by more than matters."""
    return counters.held_up_s > VALUE_SHARE * seconds


def explain(error: CellError, counters: Counters) -> CellError:
    """Return the error; if other cells sent requests meanwhile, it says how many."""
    strays = sum(counters.strays.values())
    if not strays:
        return error
    text = f"{error}; meanwhile others asked the mirror for {count_of(strays, 'page')}"
    return type(error)(text, error.detail)


def find_strays(counters: Counters, measured: str, seconds: float | None) -> dict[str, str]:
    """Return, by name, the complaint about each cell that asked when it was not its turn.

    Args:
        counters: what the mirror counted in a turn, and since the turn before.
        measured: the cell whose turn it was.
        seconds: how long its value took; None if it failed.
    """
    early = {
        name: f"it asked for {count_of(requests, 'page')} between its turns"
        for name, requests in counters.early.items()
    }
    effect = _tell_effect(counters, measured, seconds)
    return early | {
        name: f"it asked for {count_of(requests, 'page')} during another's turn{effect}"
        for name, requests in counters.strays.items()
    }


def _tell_effect(counters: Counters, measured: str, seconds: float | None) -> str:
    """Return what happened to the measured value, as the end of a sentence."""
    if seconds is None:
        return f", in which {measured} failed"
    fate = "so that this value does not count" if holds_up(counters, seconds) else "which is little"
    return (
        f", which held up {measured} for as much as {counters.held_up_s * 1e3:.2g} ms of "
        f"{seconds * 1e3:.3g} ms, {fate}"
    )
