"""Numbers in sentences have the right noun."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import crawlbench
from crawlbench.base.text import count_of

ROOT = Path(crawlbench.__file__).parent


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 pages"), (1, "1 page"), (2, "2 pages"), (250, "250 pages")]
)
def test_only_one_is_no_plural(number, words):
    """As a native speaker counts."""
    assert count_of(number, "page") == words


def test_plurals_are_made_in_one_place():
    """A module that returns a plural itself would be a second helper."""
    own = re.compile(r"def _?(count_of|count|plural)\(\w+: int, noun")
    homes = {path.name for path in ROOT.rglob("*.py") if own.search(path.read_text("utf-8"))}
    assert homes == {"text.py"}
