"""How much faster something is, in words: times as fast, or less time (floor 3; pure)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crawlbench.base.records import Verdict
from crawlbench.report.numbers import format_factors, format_share
from crawlbench.report.standing import TIMES_FROM, Held

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawlbench.report.standing import Standing


def find_faster(standing: Standing) -> list[Held]:
    """Return the leaders that are faster than the baseline, each beside it; the best comes first.

    What is the same as the best need not be faster than the baseline, too: it may lie in between.
    """
    pairs = [(row, row.found.get(standing.quantity)) for row in standing.leaders]
    return [Held(row, found) for row, found in pairs if found and found.verdict is Verdict.FASTER]


def tell_gain(held: Iterable[Held], what: str = "time") -> tuple[str, str]:
    """Return how much faster they are than what they are beside, as a number and what it counts.

    Such as `2.0 times` and `as fast as`, or `3.5 to 7.0 %` and `less time than`.

    Args:
        held: pairs in which each is the faster side.
        what: what they take less of.
    """
    sizes = [abs(one.behind) for one in held]
    least, most = min(sizes), max(sizes)
    # "Times as fast" would be understood of the time that passes, not of CPU time.
    if most >= TIMES_FROM and what.startswith("time"):
        return format_factors(least, most), "as fast as"
    # A pair's logarithm says how much longer the other takes; what is saved is a part of that.
    low, high = (format_share(-math.expm1(-size)) for size in (least, most))
    return high if low == high else f"{low.removesuffix(' %')} to {high}", f"less {what} than"
