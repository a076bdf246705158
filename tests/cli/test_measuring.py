"""When a session that is asked for ends."""

from __future__ import annotations

import pytest

from crawlbench.cli.measuring import MANY_ROUNDS, session_ends


@pytest.mark.parametrize(
    ("asked", "rounds"),
    [
        ((None, None, None), None),
        ((7, None, 1.0), 7),
        ((None, 60.0, 1.0), MANY_ROUNDS),
        ((None, 60.0, None), None),
    ],
)
def test_precision_alone_is_given_as_many_rounds_as_it_takes(asked, rounds):
    """A suite's ten would end it before; the user's own number stands, and so does a budget."""
    _, budget, precision = asked
    ends = {"rounds": rounds, "budget_s": budget, "precision_percent": precision}
    assert session_ends(*asked) == ends
