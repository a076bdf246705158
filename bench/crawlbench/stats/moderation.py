"""Borrowing strength: a variance of few rounds, moderated by those of its neighbours (floor 2; pure).

Source: Smyth, "Linear models and empirical Bayes methods for assessing differential expression",
Statistical Applications in Genetics and Molecular Biology 3, 2004; an outlier keeps its own variance
as in Phipson et al., Annals of Applied Statistics 10, 2016. Assumption: the pairs of a question have
variances that are drawn from one scaled inverse chi-squared distribution, whose spread is estimated;
where they differ much, the prior weighs nothing and each pair keeps its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.stats.student import f_tail

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["NO_PRIOR", "Prior", "fit_prior"]

LEAST_PAIRS = 3
"""Of fewer, the spread of variances is a guess."""
SHARED = 0.25
"""Correlation of the variances of two pairs that share a cell, roughly: half of the noise of each
is the same, and the variance goes by its square."""
ODD = 0.05
"""A pair whose variance would be as large as this rarely, is odd and keeps its own."""


@dataclass(frozen=True, slots=True)
class Prior:
    """What the pairs of a question say of each other's variance."""

    freedom: float
    """Weight, in degrees of freedom; 0: none."""
    variance: float
    pairs: int

    def moderate(self, variance: float, freedom: int) -> tuple[float, float]:
        """Return a pair's variance with the prior's part, and its degrees of freedom."""
        if not self.freedom or not self.variance:
            return variance, freedom
        beyond = f_tail(variance / self.variance, freedom, self.freedom)
        weight = self.freedom * min(1.0, beyond * self.pairs / ODD)
        both = weight + freedom
        return (weight * self.variance + freedom * variance) / both, both


NO_PRIOR = Prior(0.0, 0.0, 0)


def fit_prior(variances: Sequence[float], freedom: int, cells: int) -> Prior:
    """Return the prior that fits the variances of all pairs of some cells.

    Args:
        variances: of the pairs, each with the same degrees of freedom.
        freedom: rounds less one.
        cells: that the pairs are of; the prior never weighs more than their own rounds together.
    """
    from mpmath import fp  # noqa: PLC0415  (only what judges needs it)

    found = [variance for variance in variances if variance > 0]
    if len(found) < LEAST_PAIRS or freedom < 1:
        return NO_PRIOR
    half = freedom / 2
    logs = [math.log(variance) - float(fp.psi(0, half)) + math.log(half) for variance in found]
    middle = fmean(logs)
    spread = sum((one - middle) ** 2 for one in logs) / (len(logs) - 1)
    # Pairs that share a cell resemble each other, so that their spread is smaller than it would be.
    sharing = 2 * (cells - 2) / max(1, len(found) - 1)
    excess = spread / (1 - SHARED * min(1.0, sharing)) - float(fp.psi(1, half))
    most = float(max(0, cells - 2) * freedom)
    weight = most if excess <= 0 else min(most, 2 * _inverse_trigamma(excess))
    if weight <= 0:
        return NO_PRIOR
    variance = math.exp(middle + float(fp.psi(0, weight / 2)) - math.log(weight / 2))
    return Prior(weight, variance, len(found))


def _inverse_trigamma(value: float) -> float:
    """Return x where trigamma(x) is the value, by Newton's steps (Smyth 2004, appendix)."""
    from mpmath import fp  # noqa: PLC0415

    x = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(fp.psi(1, x))
        step = trigamma * (1 - trigamma / value) / float(fp.psi(2, x))
        x += step
        if abs(step) < 1e-8 * x:
            break
    return x
