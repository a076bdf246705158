"""What ends a session that continues."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tests.stats.builders import make_plan

from crawlbench.base.records import Plan, Stopping
from crawlbench.measure.ends import allow_extension, extend_plan, session_ends
from crawlbench.stats.open_groups import NEVER

SETTINGS = {"rounds": 5, "budget_s": 60.0, "is_paced": True}
PRECISE = make_plan(**SETTINGS, precision=0.05, stopping=Stopping.ANY)
ONCE = make_plan(**SETTINGS, stopping=Stopping.FIXED)


def changed(found, plan):
    """Return what differs between two plans."""
    names = (name for name in Plan.__slots__ if getattr(found, name) != getattr(plan, name))
    return {name: getattr(found, name) for name in names}


def test_extended_plan_has_other_ends_and_the_same_values():
    """What says when to stop may change; what is measured may not."""
    longer = extend_plan(PRECISE, session_ends(20, 600.0, 2.0), has_rounds=True)
    assert longer.precision == pytest.approx(math.log(1.02))
    ends = {"rounds": 20, "budget_s": 600.0, "precision": longer.precision}
    assert changed(longer, PRECISE) == ends


@pytest.mark.parametrize(
    ("asked", "changes"),
    [
        ((None, None, None), {}),
        ((9, None, None), {"rounds": 9, "precision": NEVER}),
        ((None, 90.0, None), {"rounds": 200, "budget_s": 90.0}),
    ],
    ids=["none", "rounds", "budget"],
)
@pytest.mark.parametrize("plan", [PRECISE, ONCE], ids=["precise", "once"])
def test_end_that_is_not_given_stays(plan, asked, changes):
    """A session may go on to the end that it was planned for; rounds asked for are all measured.

    Whoever continues has looked, so it is looked at after each round.
    """
    found = extend_plan(plan, session_ends(*asked), has_rounds=True)
    assert changed(found, replace(plan, stopping=Stopping.ANY)) == changes


@pytest.mark.parametrize(
    ("asked", "changes"),
    [
        ((None, None, None), {}),
        ((9, None, None), {"rounds": 9, "may_rest": False}),
        ((None, 90.0, None), {"rounds": 200, "budget_s": 90.0, "stopping": Stopping.ANY}),
    ],
    ids=["none", "rounds", "budget"],
)
def test_session_without_rounds_ends_as_a_new_one_would(asked, changes):
    """Nobody has seen a result, so that one look at the end is enough."""
    assert changed(extend_plan(ONCE, session_ends(*asked), has_rounds=False), ONCE) == changes


def test_session_that_may_be_extended_holds_at_both_looks():
    """A number of rounds alone allows one look; they are all measured, answered or not."""
    watched = {"stopping": Stopping.ANY, "precision": NEVER}
    assert changed(allow_extension(ONCE), ONCE) == watched
    assert allow_extension(PRECISE) == PRECISE


def test_rounds_of_an_earlier_continuation_do_not_outlive_it():
    """With a budget it ends when all is answered, as any session with a budget does."""
    longer = extend_plan(ONCE, session_ends(9, None, None), has_rounds=True)
    again = extend_plan(longer, session_ends(None, 90.0, None), has_rounds=True)
    assert (longer.precision, again.precision) == (NEVER, None)
    assert extend_plan(longer, session_ends(None, None, None), has_rounds=True) == longer
