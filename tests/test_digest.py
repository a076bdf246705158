"""Digests agree whatever the order, and differences are named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawlbench.digest import as_rows, digest_rows, field_names, first_difference
from crawlbench.sites.douban import SITE, Movie

RIGHT = SITE.expected_items()
NAMES = field_names(Movie)


def test_digest_does_not_depend_on_the_order_of_arrival():
    """Concurrency may shuffle the items."""
    assert digest_rows(as_rows(reversed(RIGHT))) == digest_rows(as_rows(RIGHT))


@pytest.mark.parametrize("name", ["rank", "title", "subject_id", "rating", "votes"])
def test_digest_depends_on_every_field(name):
    """A change of any field of any item changes it."""
    value = {"rank": 999, "rating": 1.0, "votes": 1}.get(name, "other")
    changed = [*RIGHT[:-1], replace(RIGHT[-1], **{name: value})]
    assert digest_rows(as_rows(changed)) != digest_rows(as_rows(RIGHT))


@pytest.mark.parametrize(
    ("items", "sentence"),
    [
        (RIGHT[:-1], "249 items instead of 250: rank 250 (浪潮) is missing"),
        ([], "0 items instead of 250: rank 1 (肖申克的救赎) is missing"),
        ([*RIGHT, RIGHT[3]], "251 items instead of 250: some came more than once"),
        (
            [*RIGHT[:1], replace(RIGHT[1], votes=7), *RIGHT[2:]],
            "rank 2 has votes 7 instead of 1956736",
        ),
    ],
)
def test_first_difference_is_a_sentence(items, sentence):
    """It says what is wrong and where."""
    assert first_difference(as_rows(items), as_rows(RIGHT), NAMES) == sentence
