"""What makes a value unbelievable."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawlbench.base.counters import Counters
from crawlbench.base.usage import Usage
from crawlbench.measure.contract import Conduct, Value
from crawlbench.measure.reading import Reading
from crawlbench.measure.verify import expect, explain_wrong, find_fault, is_wrong_answer
from crawlbench.sites.douban import SITE
from crawlbench.sites.scaled.site import scaled_site

EXPECTED = expect(SITE)
CONDUCT = Conduct(0.0, Reading(20, 500), 0.0, 0.0, [])
PAGES = {SITE.path: 2, **{f"/top250?start={n}&filter=": 2 for n in range(25, 250, 25)}}


def value(digests=(EXPECTED.digest,) * 2, event_loops=("uvloop",)):
    """Return a value of two crawls."""
    used = Usage(0.1, 0.0, 0.0, 0, 0)
    parser = "aiohttp._http_parser"
    return Value(0.1, used, 0.0, None, None, list(digests), list(event_loops), parser, CONDUCT)


def counters(**changes):
    """Return what a mirror counts in two crawls, changed."""
    pages = {**PAGES, **changes}
    return Counters(requests=sum(pages.values()), pages={k: n for k, n in pages.items() if n})


def test_right_value_has_no_fault():
    """All as it should be."""
    assert not is_wrong_answer(value(), EXPECTED)
    assert find_fault(value(), counters(), EXPECTED, 2, "uvloop") is None


def test_one_wrong_crawl_of_two_is_a_wrong_answer():
    """Every crawl in a value counts."""
    assert is_wrong_answer(value(digests=(EXPECTED.digest, "other")), EXPECTED)


EDITION = {"1": "肖克申的救赎", "250": "别的"}
OTHER = EXPECTED.edited(EDITION)


def altered(*, is_altered):
    """Return what a mirror counts that has another edition, and has served it or not."""
    return replace(counters(), edition=EDITION, is_altered=is_altered)


def test_other_edition_differs_in_its_titles_alone():
    """All else stays as it is, in this expectation too; a tally has no titles."""
    assert [row[0] for row in OTHER.rows if row not in EXPECTED.rows] == [1, 250]
    assert (OTHER.rows[0][1], OTHER.rows[0][2:]) == ("肖克申的救赎", EXPECTED.rows[0][2:])
    assert EXPECTED.edited({}) is EXPECTED
    large = expect(scaled_site("douban-x401"))
    assert large.edited(EDITION) is large


def test_crawls_return_the_editions_in_turn_where_they_are_served_in_turn():
    """Else the site as it is, whatever other edition there is."""
    turns = value(digests=(OTHER.digest, EXPECTED.digest, OTHER.digest))
    assert not is_wrong_answer(turns, EXPECTED, altered(is_altered=True))
    assert is_wrong_answer(turns, EXPECTED, altered(is_altered=False))
    assert not is_wrong_answer(value(), EXPECTED, altered(is_altered=False))
    assert is_wrong_answer(value(), EXPECTED, altered(is_altered=True))


@pytest.mark.parametrize("is_altered", [True, False])
def test_what_an_earlier_crawl_has_found_is_told_from_what_is_wrong(is_altered):
    """One item that was kept is enough; but with another fault it is that which is told."""
    counted = altered(is_altered=is_altered)
    due, earlier = (OTHER, EXPECTED) if is_altered else (EXPECTED, OTHER)
    assert explain_wrong([due.rows], EXPECTED, counted) == ("", "")
    some = [*due.rows[:-1], earlier.rows[-1]]
    told = (
        f"rank 250 has the title {earlier.rows[-1][1]!r}, which an earlier crawl found, where its "
        f"page now has {due.rows[-1][1]!r}: bodies or items were kept from before"
    )
    assert explain_wrong([some], EXPECTED, counted) == ("", told)
    odd = [*some[:1], [2, *some[1][1:-1], -1], *some[2:]]
    assert "rank 2 has votes -1" in explain_wrong([odd], EXPECTED, counted)[0]
    assert explain_wrong([odd], EXPECTED, counted)[1] == ""
    assert "249 items instead of 250" in explain_wrong([some[1:]], EXPECTED, counted)[0]


@pytest.mark.parametrize(
    ("seen", "counted", "module", "fault"),
    [
        (
            value(),
            counters(**{"/top250": 3}),
            "uvloop",
            "the mirror counted 21 requests instead of 20: /top250 came 3 times in 2 crawls",
        ),
        (
            value(),
            counters(**{"/top250": 0}),
            "uvloop",
            "the mirror counted 18 requests instead of 20: a page was never asked for",
        ),
        (value(), counters(), "asyncio", "it ran on uvloop instead of asyncio"),
        (
            value(),
            counters(),
            None,
            "it ran on uvloop instead of no event loop: a crawl starts none; write "
            "`async def crawl(site, concurrency)`",
        ),
        (value(event_loops=()), counters(), "uvloop", "it ran on no event loop instead of uvloop"),
        (
            value(event_loops=("asyncio", "uvloop")),
            counters(),
            "uvloop",
            "it ran on asyncio and uvloop instead of uvloop",
        ),
        (value(digests=()), counters(), "uvloop", "0 crawls came back instead of 2"),
    ],
)
def test_fault_is_told_in_a_sentence(seen, counted, module, fault):
    """The first thing that is wrong is named."""
    assert find_fault(seen, counted, EXPECTED, 2, module) == fault


def test_each_fault_that_befell_allows_one_request_more():
    """A retry, or where a redirect leads; not a second one, and none where nothing befell."""
    twice = counters(**{"/top250": 3})
    assert "21 requests instead of 20" in find_fault(value(), twice, EXPECTED, 2, "uvloop")
    twice.befell("503")
    assert find_fault(value(), twice, EXPECTED, 2, "uvloop") is None
    thrice = counters(**{"/top250": 4})
    thrice.befell("503")
    assert "22 requests instead of 20" in find_fault(value(), thrice, EXPECTED, 2, "uvloop")


def test_large_site_is_expected_by_its_tally():
    """Its items are never all in memory, and what differs is named by a stretch of ranks."""
    large = scaled_site("douban-x401")
    expectation = expect(large)
    assert expectation.is_tallied
    assert expectation.digest.startswith("10025:")
    assert [row[1] for row in expectation.rows] == [1000] * 10 + [25]
    assert "ranks 10001 to 11000 came 0 times" in expectation.difference(expectation.rows[:-1])


def test_large_site_is_tallied_once_per_process():
    """Summing up millions of items takes seconds."""
    calls = []
    large = replace(scaled_site("douban-x402"), expected_items=lambda: calls.append(1) or [])
    assert expect(large) is expect(large)
    assert calls == [1]


def test_site_that_fits_is_expected_row_by_row():
    """Up to ten thousand items the first difference is named itself."""
    expectation = expect(scaled_site("douban-x400"))
    assert not expectation.is_tallied
    assert len(expectation.rows) == 10_000
    assert expectation.difference(expectation.rows[:-1]).endswith("rank 10000 (浪潮) is missing")
