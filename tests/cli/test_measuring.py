"""When a session that is asked for ends."""

from __future__ import annotations

import pytest

from crawlbench.cli.measuring import MANY_ROUNDS, session_ends
from crawlbench.records import Stopping


@pytest.mark.parametrize(
    ("asked", "rounds", "stopping"),
    [
        ((None, None, None), None, None),
        ((7, None, None), 7, Stopping.FIXED),
        ((7, 60.0, None), 7, Stopping.FIXED),
        ((7, None, 1.0), 7, Stopping.ANY),
        ((None, None, 1.0), MANY_ROUNDS, Stopping.ANY),
        ((None, 60.0, 1.0), MANY_ROUNDS, Stopping.ANY),
        ((None, 60.0, None), MANY_ROUNDS, Stopping.ANY),
    ],
)
def test_what_was_asked_for_says_when_it_ends_and_how_it_is_judged(asked, rounds, stopping):
    """A suite's ten rounds would end a budget before; the user's own number stands, and is fixed.

    A precision is looked for after each round, also within a number of rounds.
    """
    _, budget, precision = asked
    ends = {"rounds": rounds, "budget_s": budget, "precision_percent": precision}
    assert session_ends(*asked) == {**ends, "stopping": stopping}
