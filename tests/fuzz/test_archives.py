"""Archives that were damaged: taken or refused in a sentence, whatever is in them."""

from __future__ import annotations

import pytest

from tests.fuzz.archives import fuzz

COUNTS = (150, pytest.param(1000, marks=pytest.mark.long))
"""`make fuzz` has a hundred times as many."""


@pytest.mark.parametrize("count", COUNTS)
def test_damaged_archive_is_taken_or_refused_in_a_sentence(tmp_path, count):
    """No trace, no hang, no half folder, nothing outside; both happen often."""
    taken = fuzz(tmp_path, range(count))
    assert count * 0.2 < taken < count * 0.95
