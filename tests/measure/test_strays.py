"""Whose requests came in another's turn, and what becomes of the value that was measured then."""

from __future__ import annotations

import pytest

from crawlbench.base.counters import Counters
from crawlbench.base.errors import CellError, CellRefusal
from crawlbench.measure.strays import explain, find_strays, holds_up


def test_value_stands_while_it_was_held_up_by_little():
    """One percent is the difference that matters."""
    assert not holds_up(Counters(), 0.1)
    assert not holds_up(Counters(strays={"b": 3}, held_up_s=0.0009), 0.1)
    assert holds_up(Counters(strays={"b": 30}, held_up_s=0.0011), 0.1)


@pytest.mark.parametrize(
    ("held_up_s", "fate"),
    [(0.0005, "which is little"), (0.012, "so that this value does not count")],
)
def test_reason_says_how_much_was_asked_for_and_whom_it_held_up(held_up_s, fate):
    """It is the one of whoever asked; the one that was measured has none."""
    counters = Counters(strays={"b": 12}, held_up_s=held_up_s)
    assert find_strays(counters, "a", 0.25) == {
        "b": "it asked for 12 pages during another's turn, which held up a for as much as "
        f"{held_up_s * 1e3:.2g} ms of 250 ms, {fate}"
    }


def test_what_came_between_turns_is_said_so():
    """Who did both is told what cost another something."""
    counters = Counters(early={"b": 1, "c": 2}, strays={"c": 1})
    assert find_strays(counters, "a", None) == {
        "b": "it asked for 1 page between its turns",
        "c": "it asked for 1 page during another's turn, in which a failed",
    }
    assert find_strays(Counters(requests=10), "a", 1.0) == {}


def test_failure_names_the_requests_of_others():
    """Of whatever kind it is; without any it stays as it is."""
    error = CellRefusal("no such thing", "where")
    assert explain(error, Counters(requests=3)) is error
    told = explain(error, Counters(strays={"b": 1, "c": 2}))
    assert isinstance(told, CellRefusal)
    assert str(told) == "no such thing; meanwhile others asked the mirror for 3 pages"
    assert explain(CellError("hung", "x"), Counters(strays={"b": 1})).detail == "x"
