"""In which order cells are measured (floor 3; pure)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["epoch", "lap_order"]


def lap_order(cells: Sequence[str], seed: int, number: int, lap: int, *, warmup: bool) -> list[str]:
    """Return the cells in the order of one lap: shuffled, and the same whenever asked again."""
    order = list(cells)
    random.Random(f"order/{seed}/{epoch(number, lap, warmup=warmup)}").shuffle(order)
    return order


def epoch(number: int, lap: int, *, warmup: bool) -> str:
    """Name one lap of one round; the mirror draws the same delays for all cells of a lap."""
    return f"{number}/{'w' if warmup else ''}{lap}"
