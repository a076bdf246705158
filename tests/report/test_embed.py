"""Data and scripts as they may stand within a page."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from crawlbench.report.embed import pack, script_hash, script_json

HOSTILE = ["</script>", "<!--", "<script>", "a\u2028b\u2029c", "'\"&\\", "\u202e肖", "\ud800"]


@pytest.mark.parametrize("text", HOSTILE)
def test_json_ends_no_element_and_comes_back_equal(text):
    """Whatever the text."""
    written = script_json({text: [text]})
    assert not set(written) & set("<>&\u2028\u2029")
    assert json.loads(written) == {text: [text]}


def test_json_has_no_numbers_that_json_does_not_know():
    """A mistake of ours would be loud."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        script_json(float("nan"))


def test_rows_travel_by_column_and_texts_once():
    """None stays None."""
    rows = [
        {"a": "x", "n": 1.5},
        {"a": None, "n": None},
        {"a": "x", "n": 2},
    ]
    assert pack(rows) == {
        "length": 3,
        "columns": {
            "a": {"values": [0, None, 0], "words": ["x"]},
            "n": {"values": [1.5, None, 2]},
        },
    }
    assert pack([]) == {"length": 0, "columns": {}}


def test_hash_is_what_a_browser_computes():
    """SHA-256 of the script's bytes."""
    digest = base64.b64encode(hashlib.sha256("肖".encode()).digest()).decode()
    assert script_hash("肖") == f"'sha256-{digest}'"
