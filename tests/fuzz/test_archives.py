"""Archives that were damaged: taken or refused in a sentence, whatever is in them."""

from __future__ import annotations

from tests.fuzz.archives import fuzz

COUNT = 1000
"""`make fuzz` has a hundred times as many."""


def test_damaged_archive_is_taken_or_refused_in_a_sentence(tmp_path):
    """No trace, no hang, no half folder, nothing outside; both happen often."""
    taken = fuzz(tmp_path, range(COUNT))
    assert COUNT * 0.2 < taken < COUNT * 0.95
