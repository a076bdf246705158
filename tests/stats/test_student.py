"""Student's t and Fisher's F, against scipy's."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.special import fdtrc, stdtr, stdtrit

from crawlbench.stats.student import f_tail, t_quantile, t_tail

FREEDOM = st.floats(1, 3000)


@example(3.0, 340.0)  # two infinite gamma functions over each other, once
@given(st.floats(-50, 50), FREEDOM)
def test_tail_agrees_with_scipy(t, freedom):
    """Also far out, and for hundreds of degrees of freedom."""
    assert t_tail(t, freedom) == pytest.approx(float(stdtr(freedom, -t)), rel=1e-6, abs=1e-13)


@example(0.9921875, 340.0)
@given(st.floats(0.51, 1 - 1e-6), FREEDOM)
def test_quantile_agrees_with_scipy(share, freedom):
    assert t_quantile(share, freedom) == pytest.approx(float(stdtrit(freedom, share)), rel=1e-7)


@example(1.0, 49.5, 50.0)
@given(st.floats(0.001, 100), st.floats(1, 50), st.floats(1, 50))
def test_tail_of_f_agrees_with_scipy(f, above, below):
    expected = float(fdtrc(above, below, f))
    assert f_tail(f, above, below) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_tail_is_a_number_where_gamma_functions_exceed_a_float():
    """Their limit lies at 171; half of the degrees of freedom are a parameter of theirs."""
    freedoms = [half / 2 for half in range(660, 710)]
    tails = [t_tail(t, freedom) for freedom in freedoms for t in (0.5, 1.0, 2.0, 3.0, 6.0)]
    wanted = [float(stdtr(v, -t)) for v in freedoms for t in (0.5, 1.0, 2.0, 3.0, 6.0)]
    assert tails == pytest.approx(wanted, rel=1e-6)


def test_ends():
    """Nothing lies beyond infinity, half beyond the middle."""
    assert (t_tail(float("inf"), 5), t_tail(float("-inf"), 5)) == (0.0, 1.0)
    assert (t_tail(0.0, 5), t_quantile(0.5, 5), f_tail(0.0, 3, 4)) == (0.5, 0.0, 1.0)


def test_tail_that_is_less_than_any_float_is_zero():
    """There the series of mpmath does not converge."""
    assert t_tail(100.0, 1e5) == 0.0
    assert t_tail(1e200, 5.0) == f_tail(1e308, 1e3, 1e-3) == 0.0
    assert f_tail(507.4351709232494, 22.35384371261055, 74054.15502944078) == 0.0


def test_level_too_strict_for_a_float_has_a_quantile():
    """1 has none: it would be infinite."""
    assert t_quantile(1.0, 30.0) > t_quantile(1 - 1e-12, 30.0)
