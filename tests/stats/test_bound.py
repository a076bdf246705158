"""What a gate asks: which quantity, and how much; what is none is refused with what would do."""

from __future__ import annotations

import math

import pytest

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Quantity
from crawlbench.stats.bound import GATES, Bound, read_bound

MARGIN = 0.02


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
