"""A gate: what it asks; what passes, what fails, what is unclear, and what can never be told."""

from __future__ import annotations

import math

import pytest

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Obstacle, Quantity, Verdict
from crawlbench.stats.change import Change, Seen, Way
from crawlbench.stats.gate import GATES, Bound, hold_gate, read_bound
from crawlbench.stats.interval import Interval

GATE = 0.05
MARGIN = 0.02


def seen(verdict, low, high, way=Way.PAIRED, means_high=None):
    """Return one way to see a change; without slow laps, means are as the typical times."""
    means_high = high if means_high is None else means_high
    return Seen(way, (low + high) / 2, Interval(low, high), verdict, means_high)


def change(verdict, low=None, high=None, *, base_s=1.0, obstacle=None):
    """Return a change of one cell that is seen in one way."""
    ways = () if low is None else (seen(verdict, low, high),)
    return Change("cell", base_s, 1.0, 5, verdict, ways, obstacle)


def both(plain, normalised):
    """Return a change that is seen in two ways."""
    ways = (seen(*plain, Way.PLAIN), seen(*normalised, Way.NORMALISED))
    return Change("cell", 1.0, 1.0, 5, Verdict.UNCLEAR, ways)


FASTER = change(Verdict.FASTER, -0.2, -0.1)
SAME = change(Verdict.SAME, -0.01, 0.01)
UNDER = change(Verdict.SLOWER, 0.02, 0.04)
ACROSS = change(Verdict.SLOWER, 0.02, 0.08)
SLOWER = change(Verdict.SLOWER, 0.06, 0.08)
DISTURBED = change(Verdict.UNCLEAR, -0.1, 0.2, obstacle=Obstacle.DOUBT)
BROKEN = change(Verdict.INVALID, obstacle=Obstacle.FAILED)
BROKEN_BASE = change(Verdict.UNCLEAR, obstacle=Obstacle.FAILED)
LOST = change(Verdict.UNSUPPORTED, obstacle=Obstacle.FAILED)
NEITHER = change(Verdict.UNSUPPORTED, base_s=None)
TIMER = change(Verdict.UNCLEAR, obstacle=Obstacle.TIMERS)
ECHO = change(Verdict.UNCLEAR, -0.1, 0.3, obstacle=Obstacle.HALF)
BASELINE_SLOWER = both((Verdict.SLOWER, 0.06, 0.09), (Verdict.SAME, -0.01, 0.01))
HIDDEN = both((Verdict.UNCLEAR, -0.05, 0.08), (Verdict.SAME, -0.01, 0.01))
QUIET = both((Verdict.UNCLEAR, -0.04, 0.04), (Verdict.SAME, -0.01, 0.01))


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ([FASTER, SAME, UNDER], 0, ""),
        ([SAME, ACROSS], 3, "1 of 2 cells is unclear: more rounds would settle it"),
        ([SAME, DISTURBED], 3, "1 of 2 cells is unclear: more rounds would settle it"),
        ([SLOWER, BROKEN, ACROSS], 1, "1 of 3 cells is slower beyond the gate"),
        ([BROKEN, ACROSS], 4, "1 of 2 cells is invalid"),
        ([BROKEN_BASE], 4, "the cell is invalid"),
        ([BROKEN_BASE, ACROSS], 4, "1 of 2 cells is invalid"),
        ([LOST, SAME], 4, "1 of 2 cells is invalid"),
        ([NEITHER, TIMER, ECHO, SAME], 0, ""),
        ([NEITHER, TIMER], 4, "nothing that was measured can be judged"),
        ([BASELINE_SLOWER], 1, "the cell is slower beyond the gate"),
        ([HIDDEN, QUIET], 3, "1 of 2 cells is unclear: more rounds would settle it"),
        ([QUIET], 0, ""),
        ([], 4, "nothing that was measured can be judged"),
    ],
)
def test_code_and_reason(changes, code, reason):
    found = hold_gate(changes, GATE)
    assert (found.code, found.reason) == (code, reason)


@pytest.mark.parametrize(
    ("verdict", "low", "high", "means_high", "code"),
    [
        (Verdict.SAME, -0.01, 0.01, 0.04, 0),
        (Verdict.UNCLEAR, -0.01, 0.01, 0.06, 3),
        (Verdict.UNCLEAR, -0.06, -0.02, 0.04, 0),
        (Verdict.UNCLEAR, -0.06, -0.02, 0.5, 3),
        (Verdict.FASTER, -0.2, -0.1, 0.5, 0),
        (Verdict.SLOWER, 0.06, 0.08, 0.0, 1),
    ],
)
def test_means_must_be_below_the_gate_too_unless_the_head_is_faster(
    verdict, low, high, means_high, code
):
    """Who is not slower is the same or faster, and `same` counts rare slow laps in full."""
    ways = (seen(verdict, low, high, means_high=means_high),)
    assert hold_gate([Change("cell", 1.0, 1.0, 5, verdict, ways)], GATE).code == code


def test_means_that_nobody_knows_pass_nothing():
    ways = (Seen(Way.PAIRED, 0.0, Interval(-0.01, 0.01), Verdict.SAME),)
    assert hold_gate([Change("cell", 1.0, 1.0, 5, Verdict.SAME, ways)], GATE).code == 3


def test_one_way_with_slow_laps_is_enough_not_to_pass():
    """In plain time the head may have slow laps that its baseline has as well."""
    plain = seen(Verdict.UNCLEAR, -0.01, 0.01, Way.PLAIN, means_high=0.5)
    normalised = seen(Verdict.SAME, -0.01, 0.01, Way.NORMALISED)
    found = Change("cell", 1.0, 1.0, 5, Verdict.UNCLEAR, (plain, normalised))
    assert hold_gate([found], GATE).code == 3


@pytest.mark.parametrize(
    ("changes", "lost", "code", "reason"),
    [
        ([SAME], 1, 4, "1 of 2 cells is invalid, because the head lacks it"),
        ([SAME, BROKEN], 2, 4, "3 of 4 cells are invalid, because the head lacks 2 of them"),
        ([SLOWER], 1, 1, "1 of 2 cells is slower beyond the gate"),
    ],
)
def test_cell_that_the_head_lacks_is_invalid(changes, lost, code, reason):
    """Whoever drops the cell that became slower does not pass."""
    found = hold_gate(changes, GATE, lost=lost)
    assert (found.code, found.reason) == (code, reason)


@pytest.mark.parametrize(
    ("text", "quantity", "size"),
    [
        ("slower", Quantity.TIME, MARGIN),
        ("slower:5%", Quantity.TIME, math.log1p(0.05)),
        ("cpu-slower", Quantity.CPU, MARGIN),
        ("page-slower:0.5%", Quantity.PAGE, math.log1p(0.005)),
        ("cpu-page-slower:5%", Quantity.CPU_PAGE, math.log1p(0.05)),
        ("begin-slower:2ms", Quantity.BEGIN, 0.002),
        ("begin-slower:0.5ms", Quantity.BEGIN, 0.0005),
    ],
)
def test_gate_is_a_quantity_and_a_size(text, quantity, size):
    assert read_bound(text, MARGIN) == Bound(quantity, pytest.approx(size))


def test_each_quantity_has_a_gate():
    assert set(GATES.values()) == set(Quantity)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("faster", "is not a gate; one looks like slower, slower:5% or cpu-slower:5%, and for"),
        ("begin-slower:5%", "has no ratio; give the limit in milliseconds"),
        ("begin-slower", "such as begin-slower:2ms"),
        ("page-slower:2ms", "takes a percentage, such as page-slower:5%"),
        ("page-slower:5", "is not a gate"),
        ("slower:", "is not a gate"),
        ("page_slower:5%", "is not a gate"),
        ("begin-slower:-2ms", "is not a gate"),
    ],
)
def test_what_is_no_gate_is_refused(text, said):
    with pytest.raises(UsageError) as caught:
        read_bound(text, MARGIN)
    assert str(caught.value).startswith(f"--fail-on {text!r}")
    assert said in str(caught.value)


def test_gate_on_pages_needs_two_lengths():
    """The others do not, and where there are two, none is refused."""
    for quantity in Quantity:
        Bound(quantity, MARGIN).require_lengths({"site/net"})
    for quantity in (Quantity.TIME, Quantity.CPU):
        Bound(quantity, MARGIN).require_lengths(())
    for quantity in (Quantity.PAGE, Quantity.CPU_PAGE, Quantity.BEGIN):
        with pytest.raises(UsageError, match=r"needs two lengths of a site.* --long-form '"):
            Bound(quantity, MARGIN).require_lengths(())
