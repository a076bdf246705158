"""When requests are due (floor 3; pure)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from crawlbench.load.model import Arrival

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.load.model import Load

__all__ = ["due_times"]


def due_times(load: Load, number: int) -> Iterator[float]:
    """Yield when the requests of one generator are due: seconds from the start, rising.

    Constant: the generators take turns, so that together they keep equal intervals. Poisson: each
    has a stream of its own, and such streams add up to one of the whole rate.

    Args:
        load: with a rate.
        number: of the generator, from 0.
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
