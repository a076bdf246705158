"""What a page costs and what it costs to begin, from two lengths of a site (floor 2; pure).

Both lengths are measured in the same laps. Within a lap, the cost of a page is the time by which
the long crawl exceeds the short one, divided by the number of its additional pages; the cost to
begin is what is left of the short crawl without its pages. That is an intercept: it contains what a
crawl of any length pays, including its first wave of connections.

Two points always lie on a line. A third length in between tests it: if a page up to there costs
another time than the average of all pages, there is no single cost per page.
"""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.base.records import Obstacle, Quantity
from crawlbench.stats.index import Index, read_seconds, reading_of
from crawlbench.stats.interval import Interval, estimate_mean
from crawlbench.stats.midmean import midmean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.base.records import Failure, LongForm, Sample, Session
    from crawlbench.stats.index import Laps, Reading

MIN_MORE = 1e-3
"""Share of the long crawl by which it always counts as longer than the short one, so that each lap
has a logarithm. Such a lap is an outlier, which the midmean leaves out."""
MAX_BEND = 0.1
"""Share of a page's cost up to which two lengths still predict what other lengths cost."""
LINE_ROUNDS = 4
"""Rounds in which a middle length is crawled: just enough for an interval."""
MAX_FLAT = 0.1
"""Share of the laps in which further pages may take no time: the midmean leaves out up to a quarter
of the laps at each end."""


class Slopes(Index):
    """The same laps, read as the time that each further page adds."""

    def __init__(
        self,
        index: Index,
        longs: dict[str, str],
        form: LongForm,
        line: Straightness | None = None,
        measured: Reading = read_seconds,
    ) -> None:
        """Build on an index of all samples.

        Args:
            index: the index of all samples.
            longs: cell to its long form.
            form: the group's long form.
            line: what a third length shows; None if there is none.
            measured: reads the time of each length, with nothing taken off.
        """
        # It reads through the index of all samples and keeps only what it works out from there.
        super().__init__(())
        self.rounds = index.rounds
        self._index = index
        self._longs = longs
        self._form = form
        self._line = line
        self._measured = measured
        self._flat: dict[str, float] = {}

    def samples(self, cell: str) -> list[Sample]:
        """Return the samples of the long form, which make up most of a page's time."""
        return self._index.samples(self._longs.get(cell, ""))

    def find_obstacle(self, cells: Sequence[str]) -> tuple[Obstacle | None, str]:
        """Return why there is no cost per page for these cells, and which of them has none."""
        bent = next((cell for cell in cells if self._line and self._line.is_bent(cell)), "")
        if bent:
            return Obstacle.BENT, bent
        return (Obstacle.FLAT, "") if self._is_flat(cells) else (None, "")

    def amplify(self, cell: str, reading: Reading = read_seconds) -> float:
        """Return how much equal, independent errors in both lengths' logarithms move a page's.

        To call them independent is careful: what slows down both lengths together moves it less.
        """
        short, long = self._typical(cell, reading)
        # The derivatives of log(long - short) by the two logarithms, added as errors add.
        return math.hypot(short, long) / max(long - short, MIN_MORE * long)

    def seconds(self, cell: str) -> list[Laps]:
        """Return, per round and lap, the cost of a page in seconds, not as a logarithm."""
        pages = self._form.more_pages
        parts = self._parts(cell, self._measured)
        return [{lap: more / pages for lap, (_, more) in laps.items()} for laps in parts]

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
        # A long form takes part in some of the laps only (`long_share`).
        both = zip(self._index.laps((cell,), reading), longs, strict=True)
        return [
            {
                lap: (math.exp(short), math.exp(long[lap]) - math.exp(short))
                for lap, short in laps.items()
                if lap in long
            }
            for laps, long in both
        ]

    def _typical(self, cell: str, reading: Reading) -> tuple[float, float]:
        """Return the typical seconds of the short crawl and of the long one."""
        laps = [pair for laps in self._parts(cell, reading) for pair in laps.values()]
        short = midmean([short for short, _ in laps])
        return short, short + midmean([more for _, more in laps])

    def _is_flat(self, cells: Sequence[str]) -> bool:
        """Return whether in many laps of one of the cells more pages took no more time."""
        return any(self._flat_share(cell) > MAX_FLAT for cell in cells)

    def _flat_share(self, cell: str) -> float:
        if cell not in self._flat:
            parts = self._parts(cell, self._measured)
            found = [more for laps in parts for _, more in laps.values()]
            self._flat[cell] = fmean([more <= 0 for more in found]) if found else 0.0
        return self._flat[cell]


class Intercepts(Slopes):
    """The same laps, read as the time that is left of a crawl without its pages, in seconds."""

    def samples(self, cell: str) -> list[Sample]:
        """Return the samples of the short form, of which the cost to begin is a part."""
        return self._index.samples(cell)

    def amplify(self, cell: str, reading: Reading = read_seconds) -> float:
        """Return by how many seconds such errors move the cost to begin."""
        short, long = self._typical(cell, reading)
        share = self._form.short_pages / self._form.more_pages
        # Likewise of short - share * (long - short), in seconds.
        return math.hypot((1 + share) * short, share * long)

    def level(self, values: list[float]) -> float:
        """Return the mean of the seconds."""
        return fmean(values)

    def _is_flat(self, cells: Sequence[str]) -> bool:  # noqa: ARG002  (it divides by nothing)
        """Return False: a difference of times may have any value."""
        return False

    def _read(self, cell: str, reading: Reading) -> list[Laps]:
        share = self._form.short_pages / self._form.more_pages
        return [
            {lap: short - share * more for lap, (short, more) in laps.items()}
            for laps in self._parts(cell, reading)
        ]


class Straightness:
    """Tells whether a middle length lies where the two others say it should."""

    def __init__(
        self, session: Session, index: Index, group: str, measured: Reading = read_seconds
    ) -> None:
        """Take what was measured of a group that has a middle length."""
        plan = session.plan
        form = plan.long_forms[group]
        self._whole = Slopes(index, plan.long_names, form, measured=measured)
        self._first = Slopes(index, plan.middle_names, form.until_middle, measured=measured)
        self._confidence = plan.confidence
        self._found: dict[str, Interval | None] = {}

    def find_bend(self, cell: str) -> Interval | None:
        """Return by what share a page up to the middle costs more than the average of all pages.

        Uses Student's t over rounds, since their number was set beforehand; None if they give no
        interval. Each lap's share is relative to the round's typical cost, so that the divisor adds
        no noise.
        """
        if cell not in self._found:
            rounds = zip(self._first.seconds(cell), self._whole.seconds(cell), strict=True)
            shares = [share for laps in rounds if (share := _share(*laps)) is not None]
            estimate = estimate_mean(shares)
            self._found[cell] = Interval(*estimate.interval(self._confidence)) if estimate else None
        return self._found[cell]

    def is_bent(self, cell: str) -> bool:
        """Return whether that share certainly exceeds what is allowed, in either direction."""
        bend = self.find_bend(cell)
        return bend is not None and (bend.low > MAX_BEND or bend.high < -MAX_BEND)


def _share(first: Laps, whole: Laps) -> float | None:
    """Return by what share the first exceeds the whole in a round; None if they share no lap."""
    laps = [lap for lap in first if lap in whole]
    typical = midmean([whole[lap] for lap in laps]) if laps else 0.0
    return midmean([first[lap] - whole[lap] for lap in laps]) / typical if typical > 0 else None


def index_for(session: Session, index: Index, group: str, quantity: Quantity) -> Index:
    """Return the index by which a group's cells are compared in a quantity."""
    if not quantity.is_of_lengths:
        return index
    kind = Intercepts if quantity is Quantity.BEGIN else Slopes
    form, measured = session.plan.long_forms[group], reading_of(quantity)
    line = Straightness(session, index, group, measured) if form.middle else None
    return kind(index, session.plan.long_names, form, line, measured)


def find_margin(
    margin: float, quantity: Quantity, crawl_s: float | None, begin_s: float | None = None
) -> float | None:
    """Return the difference that does not matter, in the unit of a quantity's numbers.

    The cost to begin is compared in seconds. It is a part of the short crawl, so its margin is that
    of the baseline's short crawl, unless the user asked for another. Where nobody knows how long
    that takes, there is no margin, and nothing can be judged by it.

    Args:
        margin: log ratio.
        quantity: what is compared.
        crawl_s: time of the baseline's crawl; None if it is not known.
        begin_s: the margin that the user asked for; None if there is none.
    """
    if quantity.has_ratio:
        return margin
    if begin_s is not None:
        return begin_s
    return None if crawl_s is None else math.expm1(margin) * crawl_s


def find_failures(session: Session, quantity: Quantity) -> dict[str, Failure]:
    """Return the failure of each invalid cell; where two lengths count, that of either."""
    failures = {failure.cell: failure for failure in session.failures}
    if quantity.is_of_lengths:
        for cell, long in session.plan.long_names.items():
            if long in failures:
                found = failures[long]
                own = replace(found, cell=cell, reason=f"its long form: {found.reason}")
                failures.setdefault(cell, own)
    return failures
