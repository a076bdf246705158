"""Session files that were edited: taken or refused in a sentence, whatever is in them."""

from __future__ import annotations

import pytest

from tests.fuzz.sessions import fuzz
from tests.measure.test_store import finished, write

pytestmark = pytest.mark.slow

COUNTS = (150, pytest.param(1000, marks=pytest.mark.long))
"""`make fuzz` has a hundred times as many."""


@pytest.mark.parametrize("count", COUNTS)
def test_edited_session_is_taken_or_refused_in_a_sentence(tmp_path, count):
    """No command's code has an error that nobody expected; both happen often."""
    source, folder = tmp_path / "source", tmp_path / "edited"
    source.mkdir()
    folder.mkdir()
    taken = fuzz(write(source, finished()), folder, range(count))
    assert count * 0.05 < taken < count * 0.5
