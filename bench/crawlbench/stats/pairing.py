"""Two sides of a comparison, paired lap by lap and summed up by round (floor 2; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.stats.index import read_seconds
from crawlbench.stats.midmean import midmean

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from crawlbench.stats.index import Index, Laps, Reading


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison."""

    name: str
    """The cell's name; for twins, the baseline's."""
    cells: tuple[str, ...]
    """The cell alone, or the baseline and its control, which count as one."""

    def without(self, failed: Container[str]) -> Side:
        """Return the side without the twin that failed, if only one of the two did."""
        cells = tuple(name for name in self.cells if name not in failed)
        return Side(self.name, cells or self.cells)


def log_ratios(
    index: Index, side: Side, other: Side, reading: Reading = read_seconds
) -> list[float]:
    """Return, per round, the midmean over laps of log(side / other).

    For the cost to begin, this is the difference in seconds: `lengths.Intercepts`.

    Both values of a pair are from one lap, seconds apart, so that a slow drift of the machine
    cancels; the logarithm makes twice as fast and twice as slow equally far from equal. Rounds in
    which the two share no lap are left out.
    """
    return [midmean(laps) for laps in lap_log_ratios(index, side, other, reading)]


def lap_log_ratios(
    index: Index, side: Side, other: Side, reading: Reading = read_seconds
) -> list[list[float]]:
    """Return, per round, log(side / other) of each lap that both have, in the order of the laps."""
    return [
        [one - two for one, two in pairs]
        for pairs in _paired(index.laps(side.cells, reading), index.laps(other.cells, reading))
    ]


def log_ratios_of_means(
    index: Index, side: Side, other: Side, reading: Reading = read_seconds
) -> list[float]:
    """Return, per round, the logarithm of mean over mean, in which rare slow laps count in full."""
    return [
        index.level([one for one, _ in pairs]) - index.level([two for _, two in pairs])
        for pairs in _paired(index.laps(side.cells, reading), index.laps(other.cells, reading))
    ]


def _paired(first: list[Laps], second: list[Laps]) -> Iterator[list[tuple[float, float]]]:
    """Yield, per round in which the two share a lap, the pairs of its laps."""
    for one, two in zip(first, second, strict=True):
        # They need not share all laps: who is settled rests, and a disturbed value is left out.
        pairs = [(value, two[lap]) for lap, value in one.items() if lap in two]
        if pairs:
            yield pairs
