"""The Douban site: one address per page, and selectors for all years' markup."""

from __future__ import annotations

import pytest

from crawlbench.base.errors import BlockedPageError
from crawlbench.sites.douban import SITE, page_address
from crawlbench.sites.movies import load_movies
from crawlbench.sites.pages import build_pages
from crawlbench.sites.parsers.lxml import compile_reader

ORIGIN = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("/top250", "/top250"),
        ("/top250?start=0", "/top250"),
        ("/top250?start=0&filter=", "/top250"),
        ("/top250?filter=", "/top250"),
        ("/top250?start=", "/top250"),
        ("/top250?start=25", "/top250?start=25&filter="),
        ("/top250?start=25&filter=#top", "/top250?start=25&filter="),
        ("/top250?filter=&start=225", "/top250?start=225&filter="),
        (f"{ORIGIN}/top250?start=0&filter=", f"{ORIGIN}/top250"),
    ],
)
def test_spellings_of_one_page_are_one_address(address, same):
    """`/top250`, `?start=0` and `?start=0&filter=` are the same page."""
    assert page_address(address) == same


@pytest.mark.parametrize("layout", ["2017", "2022", "2025"])
def test_selectors_hold_for_the_markup_of_all_years(layout):
    """Each layout's ten pages give the 250 movies and nine links each."""
    read = compile_reader(SITE)
    items = []
    for page in build_pages(load_movies(), layout):
        read_page = read(ORIGIN + page.address, page.body)
        items += read_page.items
        assert len(read_page.items) == 25
        assert len(set(read_page.links)) == 9
        assert ORIGIN + page.address not in read_page.links
        assert all(link.startswith(ORIGIN + "/top250") for link in read_page.links)
    assert items == SITE.expected_items()


@pytest.mark.parametrize(
    "body",
    [b"", b"  \n", "<html><body>载入中 ...</body></html>".encode(), b"\x00\x01\x02", b"not html"],
)
def test_page_without_a_list_is_a_block(body):
    """Status 200 and no list is never an empty page."""
    with pytest.raises(BlockedPageError, match="status 200"):
        compile_reader(SITE)(ORIGIN + "/top250", body)


def test_item_without_a_field_is_named():
    """Markup that lost a field is not read as if it had it."""
    page = build_pages(load_movies(), "2022")[0]
    body = page.body.replace(b'class="rating_num"', b'class="other"')
    with pytest.raises(BlockedPageError, match="without 'rating'"):
        compile_reader(SITE)(ORIGIN + page.address, body)
