"""A list of any length: each page is what it would be if all were made, and its gzip is valid."""

from __future__ import annotations

import gzip
import random
import zlib
from itertools import islice

import pytest
from lxml import html

from crawlbench.base.errors import UnknownNameError
from crawlbench.mirror.codings import GZIP
from crawlbench.mirror.responses import Responses
from crawlbench.plugins import registry
from crawlbench.sites.douban import SITE
from crawlbench.sites.parsers.lxml import compile_reader
from crawlbench.sites.scaled.packing import deflate_around, deflate_whole, gzip_file
from crawlbench.sites.scaled.paginator import linked_pages
from crawlbench.sites.scaled.site import scaled_site

ORIGIN = "http://127.0.0.1:8000"
LARGEST = 100_000
TURNING_POINTS = [
    1,
    2,
    4,
    5,
    10,
    11,
    40,
    41,
    99,
    100,
    101,
    400,
    401,
    1000,
    4000,
    9990,
    9991,
    40_000,
]
"""Pages at which a rank, a cycle or a start gets one more digit, and their neighbours."""


def address(number):
    return f"/top250?start={25 * (number - 1)}&filter=" if number > 1 else "/top250"


def items_of(spec, number):
    """Return what the facts say of a page."""
    return tuple(islice(spec.expected_items(), 25 * (number - 1), 25 * number))


def links_of(number, last):
    return tuple(ORIGIN + address(other) for other in linked_pages(number, last))


@pytest.mark.parametrize("name", ["douban-x1", "douban-x2", "douban-x10", "douban-x100000"])
def test_family_has_each_number_of_pages(name):
    """A name of the family is a site of that name and as many pages."""
    spec = registry.load(registry.Kind.SITE, name)
    assert (spec.name, spec.expected_pages) == (name, int(name.removeprefix("douban-x")))


@pytest.mark.parametrize(
    "name", ["douban-x0", "douban-x", "douban-x01", "douban-x100001", "douban-x1e3", "douban-x٣"]
)
def test_other_names_are_unknown_in_one_sentence(name):
    """The sentence says what there is."""
    with pytest.raises(UnknownNameError) as caught:
        registry.load(registry.Kind.SITE, name)
    assert str(caught.value) == (
        f"unknown site {name!r}; known: douban-x1 to douban-x100000, for as many pages"
    )


def test_ten_pages_are_the_real_list_byte_for_byte():
    """What is scaled is the Top 250 itself: pages, items, headers."""
    real, scaled = SITE.pages(), scaled_site("douban-x10")
    source = scaled.pages()
    for number in range(1, 11):
        assert source.read(address(number)) == real.read(address(number))
    assert list(scaled.expected_items()) == SITE.expected_items()


@pytest.mark.parametrize("last", [1, 2, 11, 100, 1000, LARGEST])
def test_pages_hold_the_computed_items_and_links(last):
    """The first, the last, those between, and where numbers grow: as the facts say, all of it."""
    spec = scaled_site(f"douban-x{last}")
    read, source = compile_reader(spec), spec.pages()
    some = random.Random(last).sample(range(1, last + 1), min(last, 12))
    reachable = [number for number in TURNING_POINTS[:12] if number <= last]
    for number in sorted({*reachable, *(n for n in some if n <= 4000), min(last, 1000)}):
        _, body = source.read(address(number))
        page = read(ORIGIN + address(number), body)
        assert page.items == items_of(spec, number), number
        assert page.links == links_of(number, last), number
        count = html.fromstring(body).findtext('.//span[@class="count"]')
        assert count == f"(共{25 * last}条)"


def test_pages_far_out_hold_their_ranks():
    """Up to the last of 2,500,000 movies."""
    spec = scaled_site("douban-x100000")
    read, source = compile_reader(spec), spec.pages()
    for number in [*TURNING_POINTS, 99_999, LARGEST]:
        page = read(ORIGIN + address(number), source.read(address(number))[1])
        ranks = [item.rank for item in page.items]
        assert ranks == list(range(25 * number - 24, 25 * number + 1))
        assert page.links == links_of(number, LARGEST)


@pytest.mark.parametrize("last", [1, 2, 100, LARGEST])
def test_gzip_files_are_those_of_the_pages(last):
    """In any order of asking; also by the strictest of readers, with length and checksum right."""
    source = scaled_site(f"douban-x{last}").pages()
    numbers = [n for n in TURNING_POINTS if n <= last]
    numbers += random.Random(1).sample(range(1, last + 1), min(last, 60))
    for number in numbers:
        headers, body = source.read(address(number))
        same_headers, packed = source.read_gzip(address(number))
        inflater = zlib.decompressobj(wbits=31)
        assert inflater.decompress(packed) == body == gzip.decompress(packed)
        assert (inflater.eof, inflater.unused_data) == (True, b"")
        assert same_headers == headers
        assert len(packed) < 14_800


def test_random_access_is_sequential_access():
    """No page depends on those that were asked for before it."""
    spec, numbers = scaled_site("douban-x100"), list(range(1, 101))
    source = spec.pages()
    in_order = {n: (source.read(address(n)), source.read_gzip(address(n))) for n in numbers}
    random.Random(7).shuffle(numbers)
    other = spec.pages()
    for number in numbers:
        packed = other.read_gzip(address(number))
        assert (other.read(address(number)), packed) == in_order[number]


@pytest.mark.parametrize("last", [1, 2, 10, 11, 25, 1000, LARGEST])
def test_links_lead_from_the_first_page_to_all(last):
    """And soon: the last is few links away, and the second step already offers many pages."""
    seen, front, steps, widths = {1}, [1], 0, []
    while front:
        found = {other for number in front for other in linked_pages(number, last)} - seen
        seen |= found
        front, steps = list(found), steps + 1
        widths.append(len(found))
    assert len(seen) == last
    assert steps <= 21  # the last of which finds nothing new
    assert last < 1000 or widths[1] >= 15


def test_paginator_shows_a_window_and_jumps():
    """First, thousands, hundreds, tens, neighbours, and the same on the other side."""
    assert linked_pages(2500, 5000) == [
        *(1, 1500, 2400, 2490, 2496, 2497, 2498, 2499),
        *(2501, 2502, 2503, 2504, 2510, 2600, 3500, 5000),
    ]
    body = scaled_site("douban-x5000").pages().read(address(2500))[1]
    (paginator,) = html.fromstring(body).xpath('//div[@class="paginator"]')
    assert paginator.findtext('span[@class="thispage"]') == "2500"
    assert [a.text for a in paginator.xpath("span/a")] == ["<前页", "后页>"]
    assert len(paginator.xpath('span[@class="break"]')) == 8


@pytest.mark.parametrize(
    ("target", "page"),
    [
        ("/top250", "/top250"),
        ("/top250?start=0&filter=", "/top250"),
        ("/top250?filter=&start=25", "/top250?start=25&filter="),
        ("/top250?start=2475&filter=", "/top250?start=2475&filter="),
        ("/top250?start=2500&filter=", None),
        ("/top250?start=30&filter=", None),
        ("/top250?start=025&filter=", None),
        ("/top250?start=-25&filter=", None),
        ("/top250?start=99999999999&filter=", None),
        ("/top250?start=x", None),
        ("/other?start=25&filter=", None),
    ],
)
def test_addresses_are_found_in_each_spelling(target, page):
    """Only the hundred pages are there, each under one name."""
    assert scaled_site("douban-x100").pages().find(target) == page


def test_a_page_costs_few_skeletons():
    """Memory does not grow with the pages: what is kept serves a thousand of them each."""
    source = scaled_site("douban-x100000").pages()
    for number in [*range(1, 500), *range(39_950, 40_050), *range(1, LARGEST, 97)]:
        source.read(address(number))
    assert len(source._skeletons) <= 100


def test_gaps_of_any_length_are_stored():
    """From one byte to the most that a block may have, with text that likes to refer back."""
    parts = [b"the same text again and again " * 30] * 5
    lengths = [1, 7, 300, 40_000, 65_535]
    pieces = deflate_around(parts, lengths)
    for seed in range(3):
        gaps = [random.Random(seed).randbytes(length) for length in lengths]
        body = b"".join(one + other for one, other in zip(parts, gaps, strict=True)) + b"end"
        blocks = [one + other for one, other in zip(pieces, gaps, strict=True)]
        assert gzip.decompress(gzip_file([*blocks, deflate_whole(b"end")], body)) == body
    assert sum(map(len, pieces)) < 400


def test_mirror_sends_the_pages_own_gzip():
    """It deflates nothing anew, and sends the plain page to those who want it plain."""
    source = scaled_site("douban-x100").pages()
    responses = Responses(source)
    assert responses.answer("/top250", GZIP).body == source.read_gzip("/top250")[1]
    assert responses.answer("/top250", 0).body == source.read("/top250")[1]
