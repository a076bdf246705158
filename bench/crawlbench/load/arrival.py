"""When the requests of a load are due: at equal intervals, or at random (floor 3; pure)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from crawlbench.load.model import Arrival

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.load.model import Load


def due_times(load: Load, number: int) -> Iterator[float]:
    """Yield when the requests of one generator are due, in seconds from the start, ascending.

    With constant arrival the generators take turns, so that together they keep equal intervals.
    With Poisson arrival each has a stream of its own; together these form one of the whole rate.

    Args:
        load: an open load, which has a rate.
        number: the generator's number, from 0.
    """
    assert load.rate_per_s
    if load.arrival is Arrival.CONSTANT:
        place = number
        while (due := place / load.rate_per_s) < load.span_s:
            yield due
            place += load.generators
        return
    draw = random.Random(f"{load.seed}/{number}")
    own_rate = load.rate_per_s / load.generators
    due = draw.expovariate(own_rate)
    while due < load.span_s:
        yield due
        due += draw.expovariate(own_rate)
