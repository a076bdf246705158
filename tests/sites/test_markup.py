"""All three layouts hold the facts where the same selectors find them."""

import re

import pytest
from lxml import html

from crawlbench.sites.movies import load_movies
from crawlbench.sites.pages import build_pages

LAYOUTS = ("2017", "2022", "2025")
NBSP = "\N{NO-BREAK SPACE}"
SLASH = f"{NBSP}/{NBSP}"

each_layout = pytest.mark.parametrize("layout", LAYOUTS)


@pytest.fixture(scope="module")
def roots():
    """Parse the pages of each layout."""
    return {
        layout: [html.fromstring(page.body) for page in build_pages(load_movies(), layout)]
        for layout in LAYOUTS
    }


@pytest.fixture(scope="module")
def items(roots):
    """Pair the 250 nodes of each layout with their facts."""
    return {
        layout: list(
            zip(
                [item for page in pages for item in page.xpath('//ol[@class="grid_view"]/li')],
                load_movies(),
                strict=True,
            )
        )
        for layout, pages in roots.items()
    }


def text(item, xpath):
    (node,) = item.xpath(xpath)
    return node.text


@each_layout
def test_rank_address_rating_and_votes_are_found_in_each_layout(items, layout):
    """The selectors that hold on real pages from 2017 to 2025 find the facts."""
    for item, movie in items[layout]:
        assert text(item, ".//em") == str(movie.rank)
        (address,) = item.xpath('.//div[@class="hd"]/a/@href')
        assert address == f"https://movie.douban.com/subject/{movie.subject_id}/"
        assert text(item, './/span[@class="rating_num"]') == movie.rating
        votes = './/span[@class="rating_num"]/following-sibling::span[2]'
        assert text(item, votes) == f"{movie.votes}人评价"


@each_layout
def test_titles_are_found_in_each_layout(items, layout):
    """The first is the Chinese one; a foreign one follows after a slash, then the others."""
    for item, movie in items[layout]:
        originals = [SLASH + movie.original_title] if movie.original_title else []
        titles = [node.text for node in item.xpath('.//span[@class="title"]')]
        assert titles == [movie.title, *originals]
        others = text(item, './/span[@class="other"]')
        assert re.sub(r" +", " ", others) == SLASH + movie.other_titles
        assert len(item.xpath('.//span[@class="playable"]')) == movie.playable


def test_other_titles_are_two_blanks_apart_but_not_within_brackets(items):
    """Splitting at the wide slash gives whole titles."""
    assert text(items["2022"][0][0], './/span[@class="other"]') == (
        f"{SLASH}月黑高飞(港)  /  刺激1995(台)"
    )
    assert text(items["2022"][3][0], './/span[@class="other"]') == f"{SLASH}铁达尼号(港 / 台)"


@each_layout
def test_credits_are_two_text_nodes_in_each_layout(items, layout):
    """The first names the people, the second year, countries and genres."""
    for item, movie in items[layout]:
        people, origin = item.xpath('.//div[@class="bd"]/p[1]/text()')
        cast = f"{movie.cast} /..." if movie.cast else "..."
        assert people == f"\n{' ' * 28}导演: {movie.directors}{NBSP * 3}主演: {cast}"
        facts = SLASH.join([movie.year, movie.countries, movie.genres])
        assert origin == f"\n{' ' * 28}{facts}\n{' ' * 24}"


@each_layout
def test_quotes_are_found_in_each_layout_but_not_for_every_movie(items, layout):
    """Six movies have none, as a few real ones; all of page 1 have one."""
    counts = [len(item.xpath('.//p[@class="quote"]/span')) for item, _ in items[layout]]
    assert counts[:25] == [1] * 25
    assert (sum(counts), max(counts)) == (244, 1)


@each_layout
def test_the_three_xpaths_hold_in_each_layout(roots, layout):
    """25 movies and nine links per page, whatever the year."""
    for root in roots[layout]:
        assert len(root.xpath('//*[@id="content"]/div/div[1]/ol/li')) == 25
        assert len(root.xpath('//*[@id="content"]/div/div[1]/div[2]/a')) == 9


@pytest.mark.parametrize(("layout", "expected"), [("2017", 25), ("2022", 25), ("2025", 0)])
def test_classes_that_were_dropped_in_2025_are_gone(roots, layout, expected):
    """Neither blank classes nor `star` and `inq` are left within a movie."""
    (movies,) = roots[layout][0].xpath('//ol[@class="grid_view"]')
    for xpath in ('.//em[@class=""]', './/div[@class="star"]', './/span[@class="inq"]'):
        assert len(movies.xpath(xpath)) == expected


@pytest.mark.parametrize(
    ("layout", "language", "heading", "width", "poster"),
    [
        ("2017", "zh-cmn-Hans", "豆瓣电影TOP250", None, r"movie_poster_cover/ipst/public/p\d+.jpg"),
        ("2022", "zh-CN", "豆瓣电影 Top 250", "100", r"photo/s_ratio_poster/public/p\d+.jpg"),
        ("2025", "zh-CN", "豆瓣电影 Top 250", "100", r"photo/s_ratio_poster/public/p\d+.webp"),
    ],
)
def test_head_and_posters_are_of_their_year(roots, layout, language, heading, width, poster):
    """Language, title and posters changed over the years."""
    root = roots[layout][0]
    posters = root.xpath('//div[@class="pic"]/a/img')
    assert root.get("lang") == language
    assert (root.findtext(".//title"), root.findtext(".//h1")) == (f"\n{heading}\n", heading)
    assert {image.get("width") for image in posters} == {width}
    assert len({image.get("src") for image in posters}) == 25
    pattern = rf"https://img[1239]\.doubanio\.com/view/{poster}"
    assert all(re.fullmatch(pattern, image.get("src")) for image in posters)


def test_stars_follow_the_rating(items):
    """Eight movies have five stars, two have four, all others four and a half (2022)."""
    classes = [item.xpath('.//span[contains(@class, "-t")]/@class')[0] for item, _ in items["2022"]]
    assert classes.count("rating5-t") == 8
    assert classes.count("rating45-t") == 240
    assert classes.count("rating4-t") == 2
