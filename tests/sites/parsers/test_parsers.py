"""All parsers read the same from the same pages, and take nothing else for a page."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from crawlbench.base.errors import BlockedPageError, UsageError
from crawlbench.base.model import Field, Item, PageKind
from crawlbench.plugins import registry
from crawlbench.sites.douban import SITE

KIND = registry.Kind.PARSER
JSON_PARSERS = ["json", "msgspec", "orjson"]
PARSERS = [name for name in registry.names(KIND) if name not in JSON_PARSERS]
ORIGIN = "http://127.0.0.1:8000"
ADDRESSES = ["/top250", *(f"/top250?start={start}&filter=" for start in range(25, 250, 25))]
PAGES = SITE.pages()


def reader(parser, spec=SITE):
    return registry.load(KIND, parser)(spec)


def body_of(address):
    return PAGES.read(address)[1]


def test_parsers_that_people_use_are_there():
    """Beside those the two ends: none tells fetching apart, regex is as fast as can be."""
    people_use = {"bs4-html-parser", "bs4-lxml", "html5lib", "justhtml", "lexbor", "lxml", "parsel"}
    assert set(PARSERS) == people_use | {"none", "regex", "resiliparse", "turbohtml"}


@pytest.mark.parametrize("parser", JSON_PARSERS)
def test_parser_of_json_refuses_a_site_of_html(parser):
    """And says which parsers can."""
    with pytest.raises(UsageError, match="are HTML, which parsers of JSON cannot read; use"):
        reader(parser)


def test_parser_of_html_refuses_a_site_of_json():
    """And says which parsers can."""
    with pytest.raises(UsageError, match="use one of JSON, such as json, orjson or msgspec"):
        reader("lxml", replace(SITE, media="json"))


def test_regex_refuses_a_site_for_which_nobody_wrote_expressions():
    """Nothing can be guessed there."""
    with pytest.raises(UsageError, match="'other' has no regular expressions"):
        reader("regex", replace(SITE, name="other", expressions={}))


@pytest.mark.parametrize("parser", PARSERS)
def test_items_and_links_are_those_of_the_site(parser):
    """The 250 movies, and from each page the nine others, on the server that was asked."""
    read = reader(parser)
    pages = {address: read(ORIGIN + address, body_of(address)) for address in ADDRESSES}
    assert [i for page in pages.values() for i in page.items] == list(SITE.expected_items())
    for address, page in pages.items():
        assert list(page.links) == [ORIGIN + a for a in ADDRESSES if a != address]


@pytest.mark.parametrize("parser", PARSERS)
def test_reader_serves_two_origins(parser):
    """One worker may meet two servers; links stay on the one that was asked."""
    read = reader(parser)
    for origin in (ORIGIN, "https://127.0.0.1:9000"):
        page = read(origin + "/top250", body_of("/top250"))
        assert page.links[0] == f"{origin}/top250?start=25&filter="


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(
    "body",
    [b"", b" \n", b"<html><body>Please log in</body></html>", b"\xff\xfe\x00", b"\x1f\x8b\x08"],
)
def test_block_page_is_no_page(parser, body):
    """Whatever its status said."""
    with pytest.raises(BlockedPageError, match="came with"):
        reader(parser)(f"{ORIGIN}/top250", body)


@pytest.mark.parametrize("parser", PARSERS)
def test_address_of_no_page_is_refused(parser):
    """Also when it brings a page that the site has elsewhere."""
    with pytest.raises(BlockedPageError, match="not a page of the site"):
        reader(parser)(f"{ORIGIN}/hnypt", body_of("/top250"))


def test_none_refuses_one_wrong_byte():
    """A body that was decoded wrongly must not count as fetched."""
    read, body = reader("none"), bytearray(body_of("/top250"))
    body[1000] ^= 1
    with pytest.raises(BlockedPageError, match="67006 bytes that are not the site's"):
        read(f"{ORIGIN}/top250", bytes(body))
    with pytest.raises(BlockedPageError, match="67005 bytes that are not the site's"):
        read(f"{ORIGIN}/top250", body_of("/top250")[:-1])


def test_none_does_not_learn_a_site_without_end():
    """A hundred thousand pages do not fit a head."""
    with pytest.raises(UsageError, match="knows pages by heart, and the 100000 of"):
        reader("none", replace(SITE, expected_pages=100_000))


@pytest.mark.parametrize("parser", [name for name in PARSERS if name not in {"none", "regex"}])
def test_item_without_a_field_is_named(parser):
    """A list that lost its ratings is not read as if it had none."""
    body = body_of("/top250").replace(b'class="rating_num"', b'class="rating"')
    with pytest.raises(BlockedPageError, match="an item without 'rating'"):
        reader(parser)(f"{ORIGIN}/top250", body)


TWO_DEPTHS = b"<ul><li><b><i>deep</i></b><i>own</i></li></ul>"
"""The first `i` of the item is not its own child."""


@pytest.mark.parametrize("parser", [name for name in PARSERS if name not in {"none", "regex"}])
def test_own_child_is_not_one_at_any_depth(parser):
    """A library whose CSS cannot say so is refused for the site, in a sentence with the XPath."""
    fields = (Field("title", "./i", str),)
    kind = PageKind(pattern="/", items="//li", fields=fields, links="")
    spec = replace(SITE, kinds=(kind,), item_type=partial(Item, 1))
    if parser in {"justhtml", "lexbor", "resiliparse"}:
        with pytest.raises(UsageError, match=r"the XPath './i' has no CSS selector here"):
            reader(parser, spec)
    else:
        assert reader(parser, spec)(f"{ORIGIN}/", TWO_DEPTHS).items == (Item(1, "own"),)
