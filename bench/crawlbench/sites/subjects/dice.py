"""Choices that look random and are the same on each machine and version (floor 1)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Dice:
    """Throws that depend on a key and on nothing else.

    Only `Random.random` is drawn from: Python promises that its numbers stay the same.
    """

    def __init__(self, *key: object) -> None:
        """Start anew for this key."""
        self._random = random.Random("/".join(map(str, key)))

    def number(self, least: int, most: int) -> int:
        """Return a whole number between two, both included."""
        return least + int(self._random.random() * (most - least + 1))

    def choose(self, choices: Sequence[T]) -> T:
        """Return one of them."""
        return choices[int(self._random.random() * len(choices))]

    def chance(self, share: float) -> bool:
        """Return True in that share of throws."""
        return self._random.random() < share

    def hexadecimal(self, digits: int) -> str:
        """Return as many digits in hex."""
        return "".join(["0123456789abcdef"[int(self._random.random() * 16)] for _ in range(digits)])

    def token(self, characters: int) -> str:
        """Return as many characters of base 64, in the alphabet of addresses."""
        return "".join([_BASE64[int(self._random.random() * 64)] for _ in range(characters)])

    def shares(self, mean: float) -> list[float]:
        """Return the shares in percent, of five stars down to one, of votes with that mean of 10.

        They fall off on both sides of the mean, and are rounded to one digit as pages show them.
        """
        middle = mean / 2
        # No power: libraries differ in its last digit, and pages are to be alike everywhere.
        weights = [
            1.0 / (1.0 + 3.0 * (stars - middle) * (stars - middle)) for stars in (5, 4, 3, 2, 1)
        ]
        weights = [weight * (0.85 + 0.3 * self._random.random()) for weight in weights]
        return [round(100 * weight / sum(weights), 1) for weight in weights]
