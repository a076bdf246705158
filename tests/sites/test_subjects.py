"""The movies' pages have the measured shape of real ones, and hold the facts."""

from __future__ import annotations

import gzip
import json
import re
from statistics import mean, median

import pytest
from lxml import html

from crawlbench.plugins import registry
from crawlbench.sites.manifest import load_manifest
from crawlbench.sites.movies import load_movies
from crawlbench.sites.subjects.build import write_subjects
from crawlbench.sites.subjects.facts import make_details, short_names
from crawlbench.sites.subjects.site import SITE

ORIGIN = "http://127.0.0.1:8000"
MOVIES = load_movies()
COUNTS = {
    '//span[@property="v:itemreviewed"]': (1, 1),
    '//*[@id="content"]/h1/span[@class="year"]': (1, 1),
    '//strong[@property="v:average"]': (1, 1),
    '//span[@property="v:votes"]': (1, 1),
    '//span[@property="v:genre"]': (1, 7),
    '//a[@rel="v:directedBy"]': (1, 16),
    '//a[@rel="v:starring"]': (0, 86),
    '//span[@property="v:runtime"]': (0, 1),
    '//span[@property="v:initialReleaseDate"]': (0, 4),
    '//span[@property="v:summary"]': (1, 1),
    '//img[@rel="v:image"]': (1, 3),
    '//*[@id="info"]': (1, 1),
    '//span[@class="rating_per"]': (5, 5),
    '//div[@id="recommendations"]//dl': (10, 10),
    '//div[@id="hot-comments"]//div[@class="comment-item"]': (5, 5),
    '//span[@class="short"]': (5, 6),
    '//div[contains(@class,"review-item")]': (9, 10),
    '//script[@type="application/ld+json"]': (1, 1),
    "//head/meta": (10, 10),
}
"""XPaths and how many nodes they find on real pages, least and most."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Make all pages once."""
    folder = tmp_path_factory.mktemp("subjects")
    write_subjects(folder)
    return folder


@pytest.fixture(scope="module")
def bodies(folder):
    """Return the movies' pages in order of rank."""
    return [(folder / f"subject-{movie.subject_id}.html").read_bytes() for movie in MOVIES]


@pytest.fixture(scope="module")
def roots(bodies):
    """Parse the movies' pages."""
    return [html.fromstring(body) for body in bodies]


def data_of(root):
    return root.xpath('//script[@type="application/ld+json"]')[0].text


def test_folder_holds_the_list_and_a_page_for_each_movie(folder):
    """260 pages under the addresses that the list links to."""
    pages = load_manifest(folder).pages
    assert [page.address for page in pages[:2]] == ["/top250", "/top250?start=25&filter="]
    assert [page.address for page in pages[10:]] == [f"/subject/{m.subject_id}/" for m in MOVIES]
    assert len(list(folder.iterdir())) == 261


@pytest.mark.long  # what is made up is held below
def test_each_build_is_the_same(folder, tmp_path):
    """Byte for byte, whatever was made before."""
    write_subjects(tmp_path)
    for path in folder.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_what_is_made_up_does_not_depend_on_the_machine():
    """Some of it is held here, so that another version or system that differs is noticed."""
    details = make_details(MOVIES[0], MOVIES)
    assert (details.imdb, details.shares) == ("tt6699765", (70.3, 19.7, 5.4, 3.1, 1.5))


def test_sizes_are_those_of_real_pages(bodies):
    """The mean within 3 % raw and gzipped, and none outside of what was seen."""
    packed = [len(gzip.compress(body, 6, mtime=0)) for body in bodies]
    assert mean(map(len, bodies)) == pytest.approx(109_989, rel=0.03)
    assert mean(packed) == pytest.approx(26_042, rel=0.03)
    assert min(map(len, bodies)) >= 63_671
    assert max(map(len, bodies)) <= 129_531
    assert min(packed) >= 16_590
    assert max(packed) <= 30_892


@pytest.mark.long
def test_trees_are_those_of_real_pages(bodies, roots):
    """Elements, scripts and their length, and where the facts stand."""
    elements = [sum(isinstance(node.tag, str) for node in root.iter()) for root in roots]
    scripts = [root.findall(".//script") for root in roots]
    inline = [sum(len((node.text or "").encode()) for node in nodes) for nodes in scripts]
    places = [body.index(b'<div id="info">') for body in bodies]
    info = [body.index(b"</div>", at) - at for body, at in zip(bodies, places, strict=True)]
    assert mean(elements) == pytest.approx(1017, rel=0.02)
    assert 578 <= min(elements) <= max(elements) <= 1117
    assert all(39 <= len(nodes) <= 41 for nodes in scripts)
    assert 21_000 <= median(inline) <= 30_000
    assert 17_000 <= median(places) <= 24_000
    assert 2_100 <= median(info) <= 3_700
    assert {max(1 + len(list(n.iterancestors())) for n in root.iter()) for root in roots} == {15}


def test_bytes_are_spent_as_on_real_pages(bodies, roots):
    """Blanks about a fourth, text about 12.7 KB."""
    blanks = [sum(map(len, re.findall(rb"\s{2,}", body))) / len(body) for body in bodies]
    texts = [
        re.sub(r"\s+", " ", " ".join(root.xpath("//body//text()[not(parent::script)]")))
        for root in roots
    ]
    assert mean(blanks) == pytest.approx(0.245, abs=0.03)
    assert mean(len(text.encode()) for text in texts) == pytest.approx(12_700, rel=0.05)


@pytest.mark.parametrize("xpath", COUNTS)
def test_xpaths_find_as_many_nodes_as_on_real_pages(roots, xpath):
    """No more and no fewer than was ever seen."""
    least, most = COUNTS[xpath]
    counts = [len(root.xpath(xpath)) for root in roots]
    assert least <= min(counts)
    assert max(counts) <= most


def test_fields_are_missing_as_often_as_on_real_pages(roots):
    """9, 3 and 23 of 1,083 pages have no runtime, no release and no cast."""
    missing = {
        xpath: sum(not root.xpath(xpath) for root in roots)
        for xpath in COUNTS
        if COUNTS[xpath][0] == 0
    }
    assert list(missing.values()) == [5, 2, 1]
    assert median(len(root.xpath('//a[@rel="v:starring"]')) for root in roots) == 11
    assert median(len(root.xpath('//span[@property="v:genre"]')) for root in roots) == 3


def test_data_for_machines_are_not_always_json(roots):
    """17 % have raw line breaks in a string; with those allowed, all hold the facts."""
    broken = 0
    for root, movie in zip(roots, MOVIES, strict=True):
        text = data_of(root)
        try:
            json.loads(text)
        except json.JSONDecodeError:
            broken += 1
        data = json.loads(text, strict=False)
        assert data["@type"] == "Movie"
        assert data["url"] == f"/subject/{movie.subject_id}/"
        assert data["aggregateRating"]["ratingValue"] == movie.rating
        assert 0.998 < int(data["aggregateRating"]["ratingCount"]) / movie.votes <= 1
        assert re.fullmatch(r"PT\d+H\d+M|", data["duration"])
    assert broken == 42
    assert 3_500 <= median(len(data_of(root).encode()) for root in roots) <= 7_000


def test_sloppy_markup_is_that_of_real_pages(roots, bodies):
    """Bare ampersands, quotes of both kinds, unclosed br, bare text behind labels."""
    first = bodies[0].decode()
    assert "<span class='pl'>" in first
    assert "&type=11&interval_id=100:90&action=" in first
    assert first.count("<br>") == 1
    assert "</a >" in first
    info = roots[0].get_element_by_id("info")
    labels = [label for label in info.xpath('span[@class="pl"]') if "国家" in label.text]
    assert labels[0].tail.strip() == MOVIES[0].countries


@pytest.mark.parametrize("parser", ["lxml", "lexbor"])
def test_parsers_find_list_and_subjects(folder, parser):
    """Ten lists lead to each other and to 25 movies each; 250 pages give an item and no link."""
    if parser == "lexbor":
        pytest.importorskip("selectolax")
    read = registry.load(registry.Kind.PARSER, parser)(SITE)
    items, links = [], set()
    for page in load_manifest(folder).pages:
        found = read(ORIGIN + page.address, (folder / page.file).read_bytes())
        is_list = page.address.startswith("/top250")
        assert (len(found.items), len(found.links)) == ((0, 34) if is_list else (1, 0))
        items += found.items
        links.update(found.links)
    assert tuple(sorted(items)) == SITE.expected_items()
    assert links == {ORIGIN + page.address for page in load_manifest(folder).pages}


def test_links_stay_on_the_server_that_serves_them(bodies):
    """Pages, unlike the real ones, do not name their own host where a crawler would follow."""
    assert all(b'href="https://movie.douban.com/subject/' not in body for body in bodies)


def test_names_lose_their_foreign_form():
    """As a movie's page shows them; a name that has no other stays whole."""
    assert short_names("弗兰克·德拉邦特 Frank Darabont") == ["弗兰克·德拉邦特"]
    assert short_names("Roger Allers / 罗伯·明可夫 Rob Minkoff") == ["Roger Allers", "罗伯·明可夫"]
    assert short_names("刘伟强 / 麦兆辉") == ["刘伟强", "麦兆辉"]
    assert short_names("") == []
