"""Session files that were edited: taken or refused in a sentence, whatever is in them."""

from __future__ import annotations

from tests.fuzz.sessions import fuzz
from tests.measure.test_store import finished, write

COUNT = 1000
"""`make fuzz` has a hundred times as many."""


def test_edited_session_is_taken_or_refused_in_a_sentence(tmp_path):
    """No command's code has an error that nobody expected; both happen often."""
    source, folder = tmp_path / "source", tmp_path / "edited"
    source.mkdir()
    folder.mkdir()
    taken = fuzz(write(source, finished()), folder, range(COUNT))
    assert COUNT * 0.05 < taken < COUNT * 0.5
