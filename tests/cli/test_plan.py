"""`crawlbench plan`: rounds and time from a kept session."""

from __future__ import annotations

import pytest
from tests.report.reference import REFERENCE

from crawlbench.base.errors import UsageError
from crawlbench.cli.plan import plan


def rounds_of(capsys, detect):
    """Return the rounds that the usual pair of each network needs."""
    plan(REFERENCE, detect)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    return {row[0]: int(row[2]) for row in rows if row and row[0] in ("loopback", "wan")}


def test_smaller_differences_need_more_rounds(capsys):
    """Of each network, with the time of the noisiest pair."""
    small, large = rounds_of(capsys, "2%"), rounds_of(capsys, "5%")
    assert small.keys() == large.keys() == {"loopback", "wan"}
    assert all(small[name] > large[name] >= 3 for name in small)


@pytest.mark.parametrize("text", ["x", "0", "-3%", "nan", "1e9%"])
def test_what_is_no_difference_is_refused(text):
    with pytest.raises(UsageError, match="one looks like 2%"):
        plan(REFERENCE, text)


def test_difference_within_the_margin_cannot_be_found():
    with pytest.raises(UsageError, match="lies within the margin of"):
        plan(REFERENCE, "1%")
