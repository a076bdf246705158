"""What a page costs and what it costs to begin, from two lengths of a site (floor 2; pure).

Both lengths are measured in the same laps. Within a lap, a page costs what the long crawl
takes more than the short one, divided by the pages that it has more; to begin costs what is left of
the short crawl without its pages. That is an intercept: it holds what a crawl of any length pays,
its first wave of connections included.
"""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity
from crawlbench.stats.index import Index, read_seconds

if TYPE_CHECKING:
    from crawlbench.base.records import Failure, LongForm, Sample, Session
    from crawlbench.stats.index import Laps, Reading

__all__ = ["OF_LENGTHS", "Intercepts", "Slopes", "find_failures", "find_margin", "index_for"]

OF_LENGTHS = (Quantity.PAGE, Quantity.BEGIN)
"""Quantities that need two lengths."""
MIN_MORE = 1e-3
"""Of the long crawl: by less it never exceeds the short one, so that each lap has a logarithm. Such
a lap is an outlier, which the midmean leaves out."""
MAX_FLAT = 0.1
"""Of the laps: the midmean leaves out up to a quarter at each end."""


class Slopes(Index):
    """The same laps, read as the time that one page more adds."""

    def __init__(self, index: Index, longs: dict[str, str], form: LongForm) -> None:
        """Read an index anew.

        Args:
            index: of all samples.
            longs: cell to its long form.
            form: of the group.
        """
        super().__init__(())
        self.rounds = index.rounds
        self._index = index
        self._longs = longs
        self._form = form

    def samples(self, cell: str) -> list[Sample]:
        """Return those of the long form: it is most of what a page's time is made of."""
        return self._index.samples(self._longs.get(cell, ""))

    def is_flat(self, cells: tuple[str, ...]) -> bool:
        """Tell whether in many laps of one of the cells more pages took no more time."""
        return any(self._flat_share(cell) > MAX_FLAT for cell in cells)

    def _read(self, cell: str, reading: Reading) -> list[Laps]:
        pages = self._form.more_pages
        return [
            {
                lap: math.log(max(more, MIN_MORE * (short + more)) / pages)
                for lap, (short, more) in laps.items()
            }
            for laps in self._parts(cell, reading)
        ]

    def _parts(self, cell: str, reading: Reading) -> list[dict[int, tuple[float, float]]]:
        """Return, per round and lap, the time of the short crawl and what the long one adds."""
        longs = self._index.laps((self._longs.get(cell, ""),), reading)
        both = zip(self._index.laps((cell,), reading), longs, strict=True)
        return [
            {
                lap: (math.exp(short), math.exp(long[lap]) - math.exp(short))
                for lap, short in laps.items()
                if lap in long
            }
            for laps, long in both
        ]

    def _flat_share(self, cell: str) -> float:
        found = [more for laps in self._parts(cell, read_seconds) for _, more in laps.values()]
        return fmean([more <= 0 for more in found]) if found else 0.0


class Intercepts(Slopes):
    """The same laps, read as the time that is left of a crawl without its pages, in seconds."""

    def samples(self, cell: str) -> list[Sample]:
        """Return those of the short form, of which it is a part."""
        return self._index.samples(cell)

    def level(self, values: list[float]) -> float:
        """Return the mean of seconds."""
        return fmean(values)

    def is_flat(self, cells: tuple[str, ...]) -> bool:  # noqa: ARG002  (it divides by nothing)
        """Tell no: a difference of times may be anything."""
        return False

    def _read(self, cell: str, reading: Reading) -> list[Laps]:
        share = self._form.short_pages / self._form.more_pages
        return [
            {lap: short - share * more for lap, (short, more) in laps.items()}
            for laps in self._parts(cell, reading)
        ]


def index_for(session: Session, index: Index, group: str, quantity: Quantity) -> Index:
    """Return the index by which a group's cells are compared in a quantity."""
    if quantity not in OF_LENGTHS:
        return index
    kind = Slopes if quantity is Quantity.PAGE else Intercepts
    return kind(index, session.plan.long_names, session.plan.long_forms[group])


def find_margin(session: Session, index: Index, baseline: str, quantity: Quantity) -> float:
    """Return the difference that does not matter, as the pairs of a question have it.

    What it costs to begin is compared in seconds. It is a part of the short crawl, so that the
    margin is that of the baseline's short crawl.
    """
    margin = session.plan.margin
    if quantity is not Quantity.BEGIN:
        return margin
    times = index.by_round((baseline,))
    return math.expm1(margin) * math.exp(fmean(times)) if times else margin


def find_failures(session: Session, quantity: Quantity) -> dict[str, Failure]:
    """Return why cells are invalid; where two lengths count, either may have failed."""
    failures = {failure.cell: failure for failure in session.failures}
    if quantity in OF_LENGTHS:
        for cell, long in session.plan.long_names.items():
            if long in failures:
                found = failures[long]
                own = replace(found, cell=cell, reason=f"its long form: {found.reason}")
                failures.setdefault(cell, own)
    return failures
