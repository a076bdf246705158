"""Sites in TOML work like any other: items that pickle, CSS for each parser, one identity."""

from __future__ import annotations

import copy
import pickle

import pytest
from tests.archive.archives import HOST, response, write_warc

from crawlbench.archive.importing import import_pages
from crawlbench.base.errors import NotInstalledError, UsageError
from crawlbench.plugins import registry
from crawlbench.sites.custom import open_site

ITEMS = '<li class="film big"><a href="/f{n}">{title}</a> <i data-v="{n}">{n} votes</i>{quote}</li>'
BASE = """
name = "films"
start = "https://docs.example.org/"
pages = "{pages}"
[[kinds]]
pattern = '/.*'
items = "li.film"
links = "nav a"
[[kinds.fields]]
name = "title"
selector = "a"
"""
VOTES = """[[kinds.fields]]
name = "votes"
selector = "i"
attribute = "data-v"
convert = "int"
[[kinds.fields]]
name = "quote"
selector = "q"
default = ""
"""
RANK = """[[kinds.fields]]
name = "rank"
selector = ".//i/@data-v"
"""
FAMILIES = {"derived": BASE, "ranked": BASE + VOTES + RANK, "fields": BASE + VOTES}

READ_NO_OWN_SITE = {"json", "msgspec", "orjson", "regex"}
"""They are for JSON, or for pages that somebody wrote expressions for."""

ALWAYS = ("processes-aiohttp",)
"""It sends items from other processes; all others only in `make test-all`."""


def body(number, encoding):
    """Return a page of three films that leads to the next of three pages."""
    films = "".join(
        ITEMS.format(n=n, title=f"电影 {n}", quote="<q>“…”</q>" if n % 2 else "")
        for n in range(3 * number + 1, 3 * number + 4)
    )
    link = f'<nav><a href=" \\{number + 1}\n">next</a></nav>' if number < 2 else ""
    return f"<meta charset={encoding}><title>t</title><ul>{films}</ul>{link}".encode(encoding)


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    """Return the site files of all families over one folder of pages, verified."""
    from crawlbench.cli.verify import verify

    folder = tmp_path_factory.mktemp("films")
    html = [("Content-Type", "text/html")]
    source = write_warc(
        folder / "x.warc",
        response(f"{HOST}/", body(0, "gb18030"), headers=html),
        response(f"{HOST}/1", body(1, "big5hkscs").replace(b"big5hkscs", b"big5"), headers=html),
        response(f"{HOST}/2", body(2, "utf-8"), headers=html),
    )
    import_pages([source], folder / "pages", None, site_file=True, force=False)
    for name, text in FAMILIES.items():
        (folder / f"{name}.toml").write_text(text.format(pages="pages"), encoding="utf-8")
        verify(str(folder / f"{name}.toml"))
    return folder


def strategies():
    """Return each strategy once, the long ones marked."""
    return [
        pytest.param(name, marks=[] if name in ALWAYS else pytest.mark.long)
        for name in registry.names(registry.Kind.STRATEGY)
        if not name.startswith(("cold-", "limit-"))
    ]


@pytest.mark.slow
@pytest.mark.parametrize("strategy", strategies())
def test_each_strategy_returns_the_items_of_each_family(sites, crawlbench, strategy):
    """All nine, in order of rank, from three pages in three encodings."""
    for family in FAMILIES:
        outcome = crawlbench("crawl", "-s", strategy, "--site", sites / f"{family}.toml")
        if "not installed" in outcome.stderr:
            pytest.skip(outcome.stderr)
        assert outcome.returncode == 0, outcome.stderr
        assert outcome.stdout == "".join(f"{n} 电影 {n}\n" for n in range(1, 10)), family


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("parser", sorted(set(registry.names(registry.Kind.PARSER)) - {"*.py"}))
def test_each_parser_reads_css_as_it_was_written(sites, parser, family):
    """A parser that knows CSS gets it; the items are those that lxml found."""
    site = open_site(str(sites / f"{family}.toml"))
    if parser in READ_NO_OWN_SITE:
        with pytest.raises(UsageError):
            registry.load(registry.Kind.PARSER, parser)(site.spec)
        return
    try:
        read = registry.load(registry.Kind.PARSER, parser)(site.spec)
    except NotInstalledError as error:
        pytest.skip(str(error))
    pages, items = site.spec.pages(), []
    for address in ("/", "/1", "/2"):
        page = read(f"http://127.0.0.1:9{address}", pages.read(address)[1])
        items += page.items
    assert sorted(items) == list(site.spec.expected_items())


@pytest.mark.parametrize("family", FAMILIES)
def test_items_pickle_and_are_equal_afterwards(sites, family):
    """In this process, in another, and in one that opened the file anew."""
    items = list(open_site(str(sites / f"{family}.toml")).spec.expected_items())
    assert pickle.loads(pickle.dumps(items)) == items
    assert copy.deepcopy(items) == items
    assert items == list(open_site(str(sites / f"{family}.toml")).spec.expected_items())
    assert type(items[0]).__module__


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('selector = "a"', 'selector = "//a"', "begins at the page's root"),
        ('selector = "a"', 'selector = "/html/body/ul/li/a"', "begins at the page's root"),
        ('selector = "a"', 'selector = "(//a)[1]"', "begins at the page's root"),
        ('selector = "a"', 'selector = ".//b | //a"', "begins at the page's root"),
        ('selector = "a"', 'selector = "normalize-space(//a)"', "begins at the page's root"),
        ('selector = "a"', 'selector = "number(1) div //a"', "begins at the page's root"),
        ('selector = "a"', 'selector = "count(.//div) * //a"', "begins at the page's root"),
        ('selector = "a"', 'selector = "a::attr(href)"', "write 'a' and attribute = \"href\""),
        ('selector = "a"', 'selector = "li a::text"', "write 'li a', whose text is taken"),
        ('items = "li.film"', 'items = "//li/text()"', "finds text where elements are due"),
        ('items = "li.film"', 'items = "//li/@class"', "select the elements such as '//li'"),
        ('links = "nav a"', 'links = "//nav/a/@href"', "select the elements such as '//nav/a'"),
        ('links = "nav a"', 'links = "//b | //a/attribute::href"', "finds attributes where"),
        ('items = "li.film"', 'items = "count(//li)"', "gives a value, not nodes"),
        ('selector = "a"', 'selector = "./a/@href"\nattribute = "x"', "finds attributes where"),
    ],
)
def test_selectors_that_cannot_work_are_refused_at_load(sites, old, new, words):
    """With what to write instead; nobody finds out at verify, or never."""
    text = BASE.replace(old, new, 1).format(pages="pages")
    (sites / "odd.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be used") as caught:
        open_site(str(sites / "odd.toml"), is_verified=False)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "selector",
    [
        *("./a", ".//a[//nav]", ".", "string(./a)", "@class", "./a/text()", "descendant::a"),
        *("./div/a", ".//div[@class='x']/a", "li div a", "li > div > a", ".//*/div/mod/or/a"),
        *("./and/a | .//div/a", "number(./a) div 2", "count(./div/a) * 2"),
        *(".//*[@href='//x']", "./a[contains(@href, '/f')]", "(./a)[1]", "a:first-of-type"),
    ],
)
def test_selectors_within_an_item_are_taken(sites, selector):
    """Slashes in texts and predicates are no root."""
    text = BASE.replace('selector = "a"', f'selector = "{selector}"').format(pages="pages")
    (sites / "fine.toml").write_text(text, encoding="utf-8")
    assert open_site(str(sites / "fine.toml"), is_verified=False)


@pytest.mark.parametrize(
    ("default", "is_fit"),
    [('default = ""', True), ("default = 1", False), ("default = 0.5", False)],
)
def test_a_default_is_of_the_fields_type(sites, default, is_fit):
    """A text here; else items would not compare."""
    text = (BASE + VOTES).replace('default = ""', default).format(pages="pages")
    (sites / "default.toml").write_text(text, encoding="utf-8")
    if is_fit:
        assert open_site(str(sites / "default.toml"), is_verified=False)
    else:
        with pytest.raises(UsageError, match="is no str, which the field is"):
            open_site(str(sites / "default.toml"), is_verified=False)
