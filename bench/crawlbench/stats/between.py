"""How far sessions of the same code differ from each other (floor 2; pure).

A session's interval holds for that session only. A comparison of sessions also needs the variance
between sessions: it comes from the sessions kept on this machine, with a measured default
(docs/method.md) as the prior.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, variance
from typing import TYPE_CHECKING

from crawlbench.stats.change import Way
from crawlbench.stats.interval import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULTS = {Way.PLAIN: 0.02, Way.NORMALISED: 0.02, Way.KIN: 0.004}
"""Standard deviation from session to session of a log ratio that has not changed
(docs/method.md)."""
WITHOUT_ANCHORS = 0.05
"""The same for plain times of sessions that have no anchors."""
BELIEF = 12.0
"""How many sessions the default counts for: the degrees of freedom of the prior."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The standard deviation from session to session, and how well it is known."""

    deviation: float
    freedom: float
    """Degrees of freedom of the deviation."""
    sessions: int
    """Sessions of this machine that it is based on, besides the default."""


def find_spread(default: float, series: Sequence[Sequence[float]]) -> Spread:
    """Return the spread between sessions, pooled over cells.

    Args:
        default: standard deviation to assume without any sessions.
        series: for each cell, the values that other sessions of the same code found; they include
            the noise within each session, so that the result errs on the careful side.
    """
    return find_spread_of_kinds(default, [series])


def find_spread_of_kinds(default: float, kinds: Sequence[Sequence[Sequence[float]]]) -> Spread:
    """Return the spread between sessions, pooled over cells and within each kind of sessions.

    Args:
        default: standard deviation to assume without any sessions.
        kinds: as `series` of `find_spread`, for sessions of one code after those of another.
    """
    squares, freedom, sessions = BELIEF * default**2, BELIEF, 0
    for series in kinds:
        known = [values for values in series if len(values) >= 2]
        if known:
            # Cells of one session move together, so pooling them does not make the variance better
            # known.
            count = max(len(values) for values in known)
            squares += (count - 1) * sum(variance(values) for values in known) / len(known)
            freedom, sessions = freedom + count - 1, sessions + count
    return Spread(math.sqrt(squares / freedom), freedom, sessions)


def between_sessions(found: Estimate, spread: Spread) -> Estimate:
    """Return the difference of two sessions, with the variance between sessions in its error.

    Source: Satterthwaite, Biometrics Bulletin 2, 1946, for the degrees of freedom of the sum.
    """
    within, between = found.error**2, 2 * spread.deviation**2
    total = within + between
    parts = within**2 / found.freedom + between**2 / spread.freedom
    freedom = total**2 / parts if parts else found.freedom
    return Estimate(found.count, found.mean, math.sqrt(total), freedom)


def mean_of_sessions(found: Sequence[Estimate], spread: Spread) -> Estimate:
    """Return the mean of what some sessions found, with the variance between sessions in its error.

    Source: as for `between_sessions`; the mean of k sessions has a k-th of the variance between
    them.

    Args:
        found: one estimate from each session, at least one.
        spread: the spread between sessions, which a few sessions alone do not show.
    """
    count = len(found)
    withins = [(one.error / count) ** 2 for one in found]
    between = spread.deviation**2 / count
    total = math.fsum(withins) + between
    parts = between**2 / spread.freedom
    parts += math.fsum(w**2 / one.freedom for w, one in zip(withins, found, strict=True))
    freedom = total**2 / parts if parts else spread.freedom
    return Estimate(count, fmean([one.mean for one in found]), math.sqrt(total), freedom)
