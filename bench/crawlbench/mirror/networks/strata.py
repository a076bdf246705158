"""Draws that are spread evenly over the laps of a round (floor 2; pure).

Each draw is uniform and independent of the others in its lap, as if it were drawn by itself. But in
the other laps of a round the same draw comes from other strata: of eight laps one has it in the
lowest eighth, one in the next, and so on (a Latin hypercube; McKay, Beckman and Conover 1979). So
the mean over a round hardly depends on what was drawn, and the differences that remain between
rounds come from what is measured. Rounds are independent of each other: the same draws in all of
them would be a bias that no interval shows.
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from math import gcd

STEPS = 2**32
"""Steps in a stratum: so many that no share is 0 or 1, which would mean infinite delays."""


def draw_share(key: str, lap: int, laps: int) -> float:
    """Return a number strictly between 0 and 1; the same arguments give the same number.

    Args:
        key: names the draw: seed, round, and what is drawn.
        lap: number of the lap within the round, from 0.
        laps: number of laps in the round; each has a stratum of its own.
    """
    # One half of the hash chooses in which order laps visit the strata, the other where they begin,
    # so that neither says anything about the other.
    place = blake2b(key.encode(), digest_size=16).digest()
    strides = _strides(laps)
    stride = strides[int.from_bytes(place[:8]) % len(strides)]
    stratum = (stride * lap + int.from_bytes(place[8:])) % laps
    inside = int.from_bytes(blake2b(f"{key}/{lap}".encode(), digest_size=4).digest())
    return (stratum + (inside + 0.5) / STEPS) / laps


@cache
def _strides(laps: int) -> tuple[int, ...]:
    """Return the step sizes that visit all strata, one per lap."""
    return tuple(step for step in range(1, laps + 1) if gcd(step, laps) == 1)
