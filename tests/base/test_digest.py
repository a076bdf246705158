"""Digests agree whatever the order, and differences are named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawlbench.base.digest import (
    MAX_STRETCHES,
    STRETCH,
    Tally,
    as_rows,
    digest_rows,
    field_names,
    first_difference,
    first_odd_stretch,
)
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
        ([*RIGHT, *RIGHT], "500 items instead of 250: some came more than once"),
        (
            [*RIGHT, replace(RIGHT[3], rank=251)],
            "251 items instead of 250: rank 251 does not exist",
        ),
        (
            [replace(RIGHT[3], rank=0), *RIGHT, RIGHT[3]],
            "252 items instead of 250: rank 0 does not exist",
        ),
        (
            [*RIGHT[:-1], replace(RIGHT[-1], rank="250")],
            "rank 250 (浪潮) is missing, and rank '250' (浪潮) came",
        ),
        ([*RIGHT[:-1], RIGHT[0]], "rank 250 (浪潮) is missing"),
        (
            [*RIGHT[:1], replace(RIGHT[1], votes=7), *RIGHT[2:]],
            "rank 2 has votes 7 instead of 1956736",
        ),
    ],
)
def test_first_difference_is_a_sentence(items, sentence):
    """It says what is wrong and where."""
    assert first_difference(as_rows(items), as_rows(RIGHT), NAMES) == sentence


@pytest.mark.parametrize(
    ("rank", "told"), [(None, "None"), (["1"], "['1']"), (float("nan"), "nan")]
)
def test_ranks_of_any_type_are_a_wrong_answer_and_no_error(rank, told):
    """What a user's parser made of a rank can be neither sorted nor looked up."""
    rows = as_rows([*RIGHT[:6], replace(RIGHT[6], rank=rank), *RIGHT[7:]])
    assert digest_rows(rows) != digest_rows(as_rows(RIGHT))
    assert f"rank 7 ({RIGHT[6].title}) is missing, and rank {told} (" in first_difference(
        rows, as_rows(RIGHT), NAMES
    )


def test_half_a_character_is_a_wrong_answer_and_no_error():
    """JSON takes it, and UTF-8 does not."""
    rows = as_rows([replace(RIGHT[0], title="\ud800"), *RIGHT[1:]])
    assert digest_rows(rows) != digest_rows(as_rows(RIGHT))
    assert first_difference(rows, as_rows(RIGHT), NAMES).startswith("rank 1 has title '\\ud800'")


def test_items_of_another_kind_are_told_by_their_fields():
    """A user's own class may have fewer or more: that is a wrong answer, and no error of ours."""
    rows = as_rows(RIGHT)
    for other, count in ((rows[0][:1], "1 field"), ([*rows[0], "more"], "6 fields")):
        told = first_difference([other, *rows[1:]], rows, NAMES)
        assert told.startswith(f"rank 1 has {count} instead of 5; return the items that")
    told = first_difference([[0], *rows[1:]], rows, NAMES)
    assert told == "rank 1 (肖申克的救赎) is missing, and rank 0 came"


MANY = [Movie(rank, "片", str(rank), 9.0, rank) for rank in range(1, 3 * STRETCH + 1)]


def tally_of(items):
    """Return the tally of items."""
    tally = Tally(Movie)
    tally.extend(items)
    return tally


def test_tally_does_not_depend_on_the_order_of_arrival():
    """Nor on whether items come one by one."""
    one_by_one = Tally(Movie)
    for item in RIGHT:
        one_by_one.append(item)
    assert one_by_one.digest() == tally_of(reversed(RIGHT)).digest()
    assert one_by_one.digest().startswith("250:")


@pytest.mark.parametrize("name", ["rank", "title", "subject_id", "rating", "votes"])
def test_tally_depends_on_every_field(name):
    """A change of any field of any item changes it."""
    value = {"rank": 999, "rating": 1.0, "votes": 1}.get(name, "other")
    changed = [*RIGHT[:-1], replace(RIGHT[-1], **{name: value})]
    assert tally_of(changed).digest() != tally_of(RIGHT).digest()


def test_tally_tells_two_of_one_from_one_of_each():
    """Neither exchange nor repetition cancels out."""
    assert tally_of([*RIGHT[:-1], RIGHT[0]]).digest() != tally_of(RIGHT).digest()
    exchanged = [replace(RIGHT[0], votes=RIGHT[1].votes), replace(RIGHT[1], votes=RIGHT[0].votes)]
    assert tally_of([*exchanged, *RIGHT[2:]]).digest() != tally_of(RIGHT).digest()


def test_tally_of_known_items_is_the_same_on_each_machine():
    """Worker and manager may be different Pythons."""
    assert tally_of(RIGHT[:2]).digest() == "2:cce746c2fbf9ca26ac607a0c559a6c2a"


def test_tally_has_a_bound_also_for_senseless_ranks():
    """A strategy that makes ranks up cannot fill the memory."""
    wild = [replace(MANY[0], rank=rank) for rank in (-5, 0, 10**12, MAX_STRETCHES * STRETCH + 1)]
    rows = tally_of([*MANY, *wild]).as_rows()
    assert [row[:2] for row in rows] == [
        [1, STRETCH],
        [STRETCH + 1, STRETCH],
        [2 * STRETCH + 1, STRETCH],
        [MAX_STRETCHES * STRETCH + 1, 4],
    ]


@pytest.mark.parametrize(
    ("items", "sentence"),
    [
        (
            MANY[:-1],
            "2999 items instead of 3000: ranks 2001 to 3000 came 999 times instead of 1000",
        ),
        ([], "0 items instead of 3000: ranks 1 to 1000 came 0 times instead of 1000"),
        (
            [*MANY, MANY[1500]],
            "3001 items instead of 3000: ranks 1001 to 2000 came 1001 times instead of 1000",
        ),
        (
            [*MANY[:7], replace(MANY[7], votes=0), *MANY[8:]],
            "among ranks 1 to 1000 an item has another value",
        ),
        (
            [*MANY, replace(MANY[0], rank=5000)],
            "3001 items instead of 3000: some have ranks from 4001 on, which do not exist",
        ),
    ],
)
def test_first_odd_stretch_is_a_sentence(items, sentence):
    """It says what is wrong and about where."""
    assert first_odd_stretch(tally_of(items).as_rows(), tally_of(MANY).as_rows()) == sentence
