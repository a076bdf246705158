"""The committed pages are what the builder builds, and have the measured shape of the real ones."""

import gzip
import re
from collections import Counter
from itertools import pairwise

import pytest
from lxml import html

from crawlbench.base.errors import UsageError
from crawlbench.sites.manifest import load_manifest
from crawlbench.sites.movies import fixture_folder, load_movies
from crawlbench.sites.pages import build_pages, write_fixtures

PAGES = build_pages(load_movies())
FIRST = PAGES[0].body.decode()

MOVIES = '//*[@id="content"]/div/div[1]/ol/li'
TITLES = './/span[@class="title"]'
LINKS = '//*[@id="content"]/div/div[1]/div[2]/a'

TAGS_OF_PAGE_1 = {
    **{"span": 231, "div": 182, "a": 95, "p": 53, "li": 43, "img": 26, "em": 25, "br": 25},
    **{"script": 19, "link": 12, "meta": 7, "input": 4, "style": 2, "ul": 2},
    **dict.fromkeys(["html", "head", "title", "body", "h1", "ol"], 1),
    **dict.fromkeys(["form", "fieldset", "legend", "label"], 1),
}
ENTITIES_OF_PAGE_1 = {
    **{"&nbsp;": 273, "&quot;": 88, "&amp;": 14, "&#47;": 8, "&#39;": 4},
    **dict.fromkeys(["&lt;", "&gt;", "&copy;"], 1),
}

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def elements(root):
    return [node for node in root.iter() if isinstance(node.tag, str)]


def share(pattern, body):
    return sum(len(found) for found in re.findall(pattern, body)) / len(body)


def test_committed_files_are_what_the_builder_writes(tmp_path):
    """Building anew gives the committed bytes, manifest included, and leaves nothing else."""
    written = write_fixtures(tmp_path)
    assert written == [*(tmp_path / page.name for page in PAGES), tmp_path / "manifest.json"]
    assert sorted(written) == sorted(tmp_path.iterdir())
    for path in written:
        assert path.read_bytes() == (fixture_folder() / path.name).read_bytes(), path.name


def test_manifest_names_each_page_with_the_real_hosts_headers(tmp_path):
    """What depends on the request (coding, length, cookie) is left to the mirror."""
    write_fixtures(tmp_path)
    manifest = load_manifest(tmp_path)
    assert manifest.site == "douban-top250"
    assert [page.address for page in manifest.pages] == [page.address for page in PAGES]
    for page in manifest.pages:
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert not {"Content-Encoding", "Content-Length", "Set-Cookie"} & page.headers.keys()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    """A file in the folder's place gives one clear sentence."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(UsageError, match=r"cannot write the fixtures to .*taken"):
        write_fixtures(tmp_path / "taken")


def test_addresses_are_those_of_the_paginator():
    """Page 1 has the short address; the others are spelled as the links spell them."""
    assert [page.address for page in PAGES[:2]] == ["/top250", "/top250?start=25&filter="]
    assert PAGES[9].address == "/top250?start=225&filter="
    assert [PAGES[0].name, PAGES[9].name] == ["page-01.html", "page-10.html"]


@each_page
def test_sizes_are_those_of_real_pages(page):
    """Raw and gzipped bytes lie within what was measured in 2022, and so do their parts."""
    start, end = page.body.index(b'<ol class="grid_view">'), page.body.index(b"</ol>") + 5
    assert 66_000 <= len(page.body) <= 68_200
    assert 11_800 <= len(gzip.compress(page.body, 6, mtime=0)) <= 12_400
    assert 9_700 <= start <= 10_000
    assert 47_400 <= end - start <= 48_300
    assert 9_000 <= len(page.body) - end <= 9_400


@each_page
def test_bytes_are_spent_as_on_real_pages(page):
    """Lines, blanks and markup have the measured shares; LF only, no tab, no BOM."""
    assert 1_533 <= page.body.count(b"\n") <= 1_611
    assert share(rb"\s{2,}", page.body) == pytest.approx(0.367, abs=0.01)
    assert share(rb"<[^>]*>", page.body) == pytest.approx(0.44, abs=0.015)
    assert not {b"\r", b"\t"} & {page.body[at : at + 1] for at in range(len(page.body))}
    assert page.body.startswith(b"<!DOCTYPE html>\n<html ")
    assert page.body.endswith(b"</body>\n\n</html>\n\n\n")


@each_page
def test_trees_are_those_of_real_pages(page):
    """Elements, attributes, depth, ids and comments are as measured."""
    root = html.fromstring(page.body)
    found = elements(root)
    ids = root.xpath("//@id")
    assert 726 <= len(found) <= 740
    assert 869 <= sum(len(node.attrib) for node in found) <= 891
    assert max(1 + len(list(node.iterancestors())) for node in found) == 13
    assert (len(ids), len(set(ids)), len(root.xpath("//comment()"))) == (12, 12, 4)


@each_page
def test_the_three_xpaths_find_what_they_find_on_real_pages(page):
    """25 movies; nine links in ascending order, the page's own missing."""
    root = html.fromstring(page.body)
    number = PAGES.index(page)
    others = [f"?start={25 * other}&filter=" for other in range(10) if other != number]
    assert len(root.xpath(MOVIES)) == 25
    assert [link.get("href") for link in root.xpath(LINKS)] == others
    assert all(movie.xpath(TITLES) for movie in root.xpath(MOVIES))


def test_title_nodes_are_49_on_page_1_and_475_in_all():
    """A movie has a second title node when it has a foreign title."""
    counts = [len(html.fromstring(page.body).xpath(f"{MOVIES}{TITLES[1:]}")) for page in PAGES]
    assert (counts[0], sum(counts)) == (49, 475)


def test_paginator_repeats_neighbours_one_level_deeper():
    """All links of the paginator are 108 over the ten pages, against 90 of the XPath."""
    roots = [html.fromstring(page.body) for page in PAGES]
    assert sum(len(root.xpath('//div[@class="paginator"]//a')) for root in roots) == 108
    assert 'href="?start=25&amp;filter=" >2</a>' in FIRST


def test_tags_of_page_1_are_the_real_ones():
    """Count for count, as measured in July 2022."""
    assert Counter(node.tag for node in elements(html.fromstring(FIRST))) == TAGS_OF_PAGE_1


def test_entities_and_sloppy_markup_of_page_1_are_the_real_ones():
    """Parsers meet the same references, bare ampersands, unclosed br and odd blanks."""
    assert Counter(re.findall(r"&#?\w+;", FIRST)) == ENTITIES_OF_PAGE_1
    assert 11 <= len(re.findall(r"&(?!#?\w+;)", FIRST)) <= 16
    assert FIRST.count("<br>") == 25
    assert "影讯&购票" in FIRST
    assert re.search(r'<li +><a href="[^"]*"\n +>', FIRST)


def test_scripts_are_as_many_and_as_long_as_the_real_ones():
    """Eight come from elsewhere, ten are inline, one is empty."""
    scripts = html.fromstring(FIRST).findall(".//script")
    inline = [node.text for node in scripts if node.text]
    assert len([node for node in scripts if node.get("src")]) == 8
    assert len(inline) == 10
    assert 6_475 <= sum(len(text.encode()) for text in inline) <= 6_565


def test_template_script_hides_an_item_from_parsers_only():
    """The text has one li and one img more than the tree."""
    (template,) = html.fromstring(FIRST).xpath('//script[@id="suggResult"]')
    assert template.get("type") == "text/x-jquery-tmpl"
    assert "<li " in template.text
    assert '<img src="{{= img}}"' in template.text
    assert len(re.findall(r"<li\b", FIRST)) == TAGS_OF_PAGE_1["li"] + 1
    assert len(re.findall(r"<img\b", FIRST)) == TAGS_OF_PAGE_1["img"] + 1


@each_page
def test_footer_holds_the_trap(page):
    """A crawler that follows everything walks into the hidden link."""
    (trap,) = html.fromstring(page.body).xpath('//div[@id="footer"]/a')
    assert trap.get("href") == "https://www.douban.com/hnypt/variformcyst.py"
    assert trap.get("style") == "display: none;"


def test_items_take_about_as_many_bytes_as_real_ones():
    """On the mean 1.9 KB, none far from it."""
    items = [
        item
        for page in PAGES
        for item in re.findall(rb'<li>\n +<div class="item">.*?</li>', page.body, re.DOTALL)
    ]
    assert len(items) == 250
    assert 1_880 <= sum(map(len, items)) / len(items) <= 1_930
    assert all(1_650 <= len(item) <= 2_050 for item in items)


def test_no_two_pages_are_alike_and_each_build_is():
    """The order of the list is the only thing that a build depends on."""
    assert build_pages(load_movies()) == PAGES
    assert all(one.body != other.body for one, other in pairwise(PAGES))


def test_a_short_list_makes_few_pages():
    """Any number of movies is paged by 25."""
    pages = build_pages(load_movies()[:30])
    counts = [len(html.fromstring(page.body).xpath(MOVIES)) for page in pages]
    assert counts == [25, 5]
    assert "(共30条)" in pages[0].body.decode()
