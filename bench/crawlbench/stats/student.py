"""Tail and quantile of Student's t distribution, and the tail of F's (floor 2; pure).

The judge needs nothing else, for which scipy and numpy, 200 MB together, would be too heavy. The
incomplete beta function comes from mpmath.
"""

from __future__ import annotations

import math
from contextlib import suppress
from functools import lru_cache
from statistics import NormalDist

ACCURACY = 1e-10
"""Accuracy of a quantile, far finer than the printed digits."""
MAX_STEPS = 100
LEAST = -750.0
"""Logarithm below which no float is left but 0."""
ALMOST_ONE = math.nextafter(1.0, 0.0)
"""The largest share: a stricter level than this, a float cannot tell from none."""


def t_tail(t: float, freedom: float) -> float:
    """Return the chance that a t distributed value exceeds t.

    Source: Abramowitz & Stegun 26.7.1, by the incomplete beta function of x = v / (v + t^2).
    """
    if math.isinf(t):
        return 0.0 if t > 0 else 1.0
    beyond = 0.5 * _beta_share(freedom / 2, 0.5, freedom / (freedom + t * t))
    return beyond if t >= 0 else 1 - beyond


@lru_cache(maxsize=4096)
def t_quantile(share: float, freedom: float) -> float:
    """Return the value below which this share of the distribution lies; share is 0.5 or more.

    Newton's method starts from the normal quantile, which is too small; the tail is convex from
    there on, so that no step goes too far.
    """
    if share <= 0.5:
        return 0.0
    share = min(share, ALMOST_ONE)
    t = NormalDist().inv_cdf(share)
    for _ in range(MAX_STEPS):
        step = (t_tail(t, freedom) - (1 - share)) / _density(t, freedom)
        t += step
        if abs(step) < ACCURACY * t:
            break
    return t


def _density(t: float, freedom: float) -> float:
    """Return the density of the t distribution (Abramowitz & Stegun 26.7.1)."""
    scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)
    power = (freedom + 1) / 2 * math.log1p(t * t / freedom)
    return math.exp(scale - power) / math.sqrt(freedom * math.pi)


def f_tail(f: float, above: float, below: float) -> float:
    """Return the chance that an F distributed value exceeds f.

    Source: Abramowitz & Stegun 26.6.2.

    Args:
        f: the ratio of two variances.
        above: degrees of freedom of the first.
        below: degrees of freedom of the second.
    """
    if f <= 0:
        return 1.0
    return _beta_share(below / 2, above / 2, below / (below + above * f))


def _beta_share(a: float, b: float, x: float) -> float:
    """Return the regularized incomplete beta function.

    Floats suffice where a parameter is one half, as it always is for t. With two large parameters
    the terms of the series cancel, and only five digits are left; mpmath's own numbers take seven
    times as long.
    """
    from mpmath import fp, mp  # noqa: PLC0415  (only judging needs it)

    if not 0 < x < 1:
        return float(x >= 1)
    is_flipped = x > (a + 1) / (a + b + 2)  # the series converges fast only below the mean
    if is_flipped:
        a, b, x = b, a, 1 - x
    # The whole series is at most (a + b + 2) / 2 times its first term. Where that is less than any
    # float, mpmath would look for it for half a minute.
    first = math.lgamma(a + b) - math.lgamma(a + 1) - math.lgamma(b)
    first += a * math.log(x) + b * math.log1p(-x)
    if first + math.log(a + b + 2) < LEAST:
        return float(is_flipped)
    share = math.inf
    if 0.5 in {a, b}:
        # With hundreds of degrees of freedom, gamma functions exceed a float: an error, nan or inf.
        with suppress(OverflowError):
            share = float(fp.betainc(a, b, 0, x, regularized=True))
    if not 0 <= share <= 1:
        share = float(mp.betainc(a, b, 0, x, regularized=True))
    return 1 - share if is_flipped else share
