"""How much of the noise is between workers, and how much between laps (floor 2; pure).

Source: Kalibera and Jones, "Rigorous benchmarking in reasonable time", ISMM 2013: how much each
level adds to the spread, and how often to repeat on each, given the costs. Their formula uses
means. Here a round is the midmean of its laps, so what laps contribute is read from midmeans too:
those of every other lap of a round, against those of the laps between. Only differences and squares
are read, never which side is faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, variance
from typing import TYPE_CHECKING

from crawlbench.stats.index import Index
from crawlbench.stats.limit import REFERENCE
from crawlbench.stats.midmean import midmean
from crawlbench.stats.pairing import Side, lap_log_ratios

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawlbench.base.records import Session

MIN_ROUNDS = 3
"""With fewer rounds, the spread is not known."""
PRIOR_ROUNDS = 3
"""How many of a group's own rounds the session's usual noise is worth: three rounds of a group by
themselves say next to nothing about its spread."""
USUAL_SHARE = 0.48
"""What to assume before anything is known: what laps explain, divided by the sum of that and the
whole. It means that laps explain nine tenths of the noise; in the sessions in `results/` they
explain 76 to 100 %."""
PRIOR_GROUPS = 2
"""How many groups the prior is worth."""


@dataclass(frozen=True, slots=True)
class Noise:
    """The variance of a round's log ratio, typical of a group's pairs with the baseline."""

    of_lap: float
    """What a lap contributes; n laps contribute an nth of it."""
    of_round: float
    """What a round adds to the noise of its laps: how fresh workers differ. Never below 0."""

    def share_between(self, laps: float) -> float:
        """Return which part of the noise is between workers, if a round has this many laps."""
        total = self.of_round + self.of_lap / laps
        return self.of_round / total if total else 0.0


@dataclass(frozen=True, slots=True)
class _Spread:
    """The variance of one pair's rounds, and how much of it laps explain."""

    rounds: int
    whole: float
    """Variance of the rounds' midmeans."""
    by_laps: float
    """The part of it that laps explain."""
    laps: float
    """Laps in a round: their harmonic mean."""


def find_noise(session: Session) -> dict[str, Noise]:
    """Return the noise of each group in which a pair has enough rounds and laps.

    The group's own spread and the one usual in the session are weighted by rounds, both relative
    to the size of the group's own.
    """
    spreads = {group: _typical(found) for group, found in _spreads(session).items() if found}
    usual = _usual_share(list(spreads.values()))
    noise = {}
    for group, own in spreads.items():
        size, weight = own.whole + own.by_laps, own.rounds / (own.rounds + PRIOR_ROUNDS)
        by_laps = weight * own.by_laps + (1 - weight) * usual * size
        whole = weight * own.whole + (1 - weight) * (1 - usual) * size
        noise[group] = Noise(by_laps * own.laps, max(0.0, whole - by_laps))
    return noise


def _usual_share(spreads: Sequence[_Spread]) -> float:
    """Return what laps explain, divided by that plus the whole: a half if laps explain all.

    Each spread counts the same, whatever its size.
    """
    shares = [one.by_laps / (one.whole + one.by_laps) for one in spreads if one.whole + one.by_laps]
    return (sum(shares) + PRIOR_GROUPS * USUAL_SHARE) / (len(shares) + PRIOR_GROUPS)


def _typical(spreads: Sequence[_Spread]) -> _Spread:
    """Return what the pairs of a group show together: they share the baseline's laps."""
    return _Spread(
        min(one.rounds for one in spreads),
        fmean([one.whole for one in spreads]),
        fmean([one.by_laps for one in spreads]),
        fmean([one.laps for one in spreads]),
    )


def _spreads(session: Session) -> dict[str, list[_Spread]]:
    index = Index(session.rounds)
    found: dict[str, list[_Spread]] = {}
    for group, side, other in _pairs(session):
        spread = _spread([laps for laps in lap_log_ratios(index, side, other) if len(laps) > 1])
        if spread:
            found.setdefault(group, []).append(spread)
    return found


def _pairs(session: Session) -> Iterator[tuple[str, Side, Side]]:
    """Yield each cell with the baseline of its group; the twins are such a pair too."""
    failed = {failure.cell for failure in session.failures}
    for cell in session.plan.own_cells:
        baseline = session.plan.baselines[cell.group]
        is_right = not {cell.name, baseline} & failed
        if is_right and cell.name != baseline and cell.strategy != REFERENCE:
            yield cell.group, Side(cell.name, (cell.name,)), Side(baseline, (baseline,))


def _spread(rounds: Sequence[Sequence[float]]) -> _Spread | None:
    """Return what one pair shows; None if there are too few rounds.

    Half of a round has half its laps, so that the difference of two halves has four times the
    variance.
    """
    if len(rounds) < MIN_ROUNDS:
        return None
    counts = [len(laps) for laps in rounds]
    # Halves of alternate laps, so that a drift within the round moves both of them alike.
    of_lap = [
        count * (midmean(laps[::2]) - midmean(laps[1::2])) ** 2 / 4
        for count, laps in zip(counts, rounds, strict=True)
    ]
    # What laps add to a round goes with 1 / count, hence the harmonic mean.
    share = fmean([1 / count for count in counts])
    return _Spread(len(rounds), variance(map(midmean, rounds)), fmean(of_lap) * share, 1 / share)
