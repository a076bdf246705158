"""A site in TOML is a site like any other, and each mistake in it is one sentence."""

import hashlib
import pickle
import sys
from pathlib import Path

import pytest
from tests.child import succeed

from crawlbench.base.digest import as_rows, digest_rows, field_names
from crawlbench.base.errors import BlockedPageError, NotInstalledError, UsageError
from crawlbench.measure.verify import expect
from crawlbench.mirror.edition import make_edition
from crawlbench.plugins import registry
from crawlbench.sites.custom import load_site, open_site
from crawlbench.sites.expected import ExpectedFile, expected_path, write_expected
from crawlbench.sites.items import make_item_type, make_ranked_type
from crawlbench.sites.manifest import FolderPages, Manifest, ManifestPage, encode_manifest
from crawlbench.sites.parsers.lxml import compile_reader

BODY = b"""<title>x</title><ul>
<li class="film new"><a href="/f/1">Film  <b>one</b></a><i data-n="7">2,634 votes</i></li>
<li class="film"><a href="/f/2">Film two</a><i data-n="8">12 votes</i></li></ul>
<a href="/b">b</a><a href="/gone">gone</a><a href="http://elsewhere.example/b">e</a>"""

TOML = """
name = "films"
start = "https://films.example/"

[[kinds]]
pattern = '/.*'
items = "li.film"
links = "a"

[[kinds.fields]]
name = "title"
selector = "a"

[[kinds.fields]]
name = "votes"
selector = "i"
convert = "first number"

[[kinds.fields]]
name = "number"
selector = "i"
attribute = "data-n"
convert = "float"
"""


@pytest.fixture
def site(tmp_path):
    """Return a function that writes a site with one page and returns the path of its file."""

    def write(text=TOML, bodies=None):
        bodies = bodies or {"/": BODY, "/b": BODY}
        pages = []
        for number, (address, body) in enumerate(bodies.items()):
            name = f"page-{number}.html"
            (tmp_path / name).write_bytes(body)
            digest = hashlib.sha256(body).hexdigest()
            pages.append(ManifestPage(address, name, digest, len(body), {"Content-Type": "x"}))
        manifest = Manifest(1, "films", tuple(pages))
        (tmp_path / "manifest.json").write_bytes(encode_manifest(manifest))
        path = tmp_path / "films.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def verify(name):
    """Write what the site's reader finds on its first page as what is expected."""
    opened = open_site(name, is_verified=False)
    page = compile_reader(opened.spec)("http://h/", BODY)
    rows = [[place, *row[1:]] for place, row in enumerate(as_rows(page.items), 1)]
    fields = tuple(field_names(opened.spec.item_type))
    expected = ExpectedFile(1, opened.fingerprint, digest_rows(rows), len(rows), 1, fields, rows)
    write_expected(expected_path(Path(name)), expected)
    return rows


def refusal(name):
    with pytest.raises(UsageError) as caught:
        load_site(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_it_is_found_by_its_path_and_reads_pages(site):
    """Blanks are folded; links to pages that are not there, or elsewhere, are left."""
    name = site()
    spec = registry.load(registry.Kind.SITE, name)
    assert (spec.name, spec.path) == (name, "/")
    page = compile_reader(spec)("http://127.0.0.1:1/", BODY)
    assert [(i.title, i.votes, i.number) for i in page.items] == [
        ("Film one", 2634, 7.0),
        ("Film two", 12, 8.0),
    ]
    assert page.links == ("http://127.0.0.1:1/b",)
    assert spec.pages().find("/b#x") == "/b"
    assert spec.pages().read("/b") == ({"Content-Type": "x"}, BODY)


def test_ranks_come_from_what_an_item_holds(site):
    """So that neither concurrency nor the parser can change them; verified items have places."""
    name = site()
    read = compile_reader(load_site(name))
    first, second = read("http://h/", BODY).items, read("http://h/b", BODY).items
    assert first == second
    assert len({item.rank for item in first}) == 2
    assert all(2**52 <= item.rank < 2**53 for item in first)
    rows = verify(name)
    spec = load_site(name)
    items = compile_reader(spec)("http://h/", BODY).items
    assert sorted(item.rank for item in items) == [1, 2]
    assert as_rows(items) == rows == as_rows(spec.expected_items())
    (other,) = compile_reader(spec)("http://h/", BODY.replace(b"two", b"2")).items[1:]
    assert other.rank >= 2**52


@pytest.mark.parametrize("parser", ["lxml", "none"])
def test_a_site_without_ranks_has_another_edition_too(site, parser):
    """So that what a strategy keeps is seen; an item that stands twice, or may be two, stays."""
    name = site()
    verify(name)
    spec = load_site(name)
    edition = make_edition(spec, spec.pages(), 1)
    assert edition.titles == {"2": "iFlm two"}
    read = registry.load(registry.Kind.PARSER, parser)(spec)
    items = read("http://h/", edition.bodies["/"]).items
    assert as_rows(items) == expect(spec).edited(edition.titles).rows != expect(spec).rows


@pytest.mark.parametrize(
    ("titles", "rank"),
    [
        (["abc", "xyz"], 1),
        (["acb", "xyz"], 1),
        (["acb", "abc"], 2),
        (["acb", "cab"], None),
        (["acb", "acb"], None),
        (["acb ", "xyz"], None),
        ([], None),
    ],
)
def test_letters_in_another_order_are_the_item_if_it_can_be_no_other(titles, rank):
    """An item that stands as it is is itself; other values make another item."""
    rows = [[n, title, 5] for n, title in enumerate(titles, 1)]
    item_type = make_item_type((("rank", int), ("title", str), ("votes", int)))
    make = make_ranked_type(item_type, rows)
    found = make(title="abc", votes=5).rank
    assert (None if found >= 2**52 else found) == rank
    assert make(title="abc", votes=6).rank >= 2**52


def test_ranks_of_their_own_are_taken(site):
    """A field `rank` is a whole number."""
    name = site(TOML.replace('"number"', '"rank"').replace('"float"', '"int"'))
    items = compile_reader(load_site(name))("http://h/", BODY).items
    assert [item.rank for item in items] == [7, 8]


def test_an_unverified_or_changed_site_has_no_expectation(site):
    """The sentence says what to run."""
    name = site()
    spec = load_site(name)
    assert spec.expected_pages == 0
    with pytest.raises(UsageError, match=r"is not verified.*run: crawlbench mirror verify"):
        spec.expected_items()
    verify(name)
    assert load_site(name).expected_pages == 1
    changed = site(TOML.replace('"li.film"', '"li.new"'))
    with pytest.raises(UsageError, match="was changed after it was verified"):
        load_site(changed).expected_items()
    with pytest.raises(UsageError, match="was changed after it was verified"):
        load_site(site(bodies={"/": BODY + b" "})).expected_items()
    load_site(site(TOML + "\n# a comment changes nothing")).expected_items()


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[" * 10_000])
def test_a_broken_expectation_is_refused(site, content, tmp_path):
    """And says how to mend it."""
    name = site()
    (tmp_path / "films.expected.json").write_bytes(content)
    assert "verify the site again" in refusal(name)


def test_an_expectation_changed_by_hand_is_refused(site, tmp_path):
    """Its rows have to be those that were verified."""
    name = site()
    verify(name)
    path = tmp_path / "films.expected.json"
    path.write_text(path.read_text(encoding="utf-8").replace("Film two", "Film 2"))
    assert "was changed or has another format" in refusal(name)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "films"', 'naem = "films"', "unknown field `naem`"),
        ('name = "films"', "name = [", "is not TOML"),
        ('name = "films"', "name = 7", "got `int` - at `$.name`, seen: 7"),
        ('"float"', '"real"', "at `$.kinds[0].fields[2].convert`, seen: 'real'"),
        ("https://films", "films", "start: 'films.example/' is not an http address"),
        ('example/"', 'example/other"', "is not a page in"),
        ("'/.*'", "'/(.*'", "kinds[0].pattern '/(.*' is not a regular expression"),
        ("'/.*'", "'.*'", "begin it with a /"),
        ('"li.film"', '"//li["', "kinds[0].items '//li[' is no XPath: Invalid"),
        ('"li.film"', '"/nope(x)"', "is no XPath"),
        ('"li.film"', '"count(//li)"', "gives a value, not nodes"),
        ('"li.film"', '"li..film"', "kinds[0].items 'li..film' is no CSS selector"),
        ('"li.film"', '"li:hover(x"', "is no CSS selector"),
        ('"li.film"', '" "', "kinds[0].items is empty"),
        ('items = "li.film"', "", "no kind of page has items"),
        ('selector = "a"', 'selector = "./a["', "kinds[0].title './a[' is no XPath"),
        ('"data-n"', '"data n"', "is no XPath"),
        ('name = "votes"', 'name = "class"', "the field name 'class' is not a plain word"),
        ('name = "votes"', 'name = "number"', "the field 'number' twice"),
        ('name = "title"', 'name = "titel"', "needs a field 'title'"),
        ('name = "number"', 'name = "rank"', "'rank' has to be a whole number"),
        ('"float"', '"decimal"', "Invalid enum value 'decimal'"),
        (
            "[[kinds]]",
            'encoding = "utf-9"\n[[kinds]]',
            "encoding 'utf-9' is not one that browsers know",
        ),
        ("[[kinds]]", 'pages = "nowhere"\n[[kinds]]', "import or record the pages again"),
        ("[[kinds]]", "addresses = {trailing_slash = 1}\n[[kinds]]", "addresses.trailing_slash"),
        (
            'selector = "a"',
            'selector = "a"\nregex = "["',
            "kinds[0].title.regex '[' is not a regular",
        ),
    ],
)
def test_mistakes_are_one_sentence(site, old, new, words):
    """It names the place and what stands there."""
    assert old in TOML
    assert words in refusal(site(TOML.replace(old, new, 1)))


def test_kinds_have_to_agree_on_the_fields(site):
    """Items are of one type."""
    more = "[[kinds]]\npattern = '/x'\nitems = 'p'\nfields = [{name = 'title'}]"
    assert "kinds[1] has the fields title (str), but an earlier kind" in refusal(site(TOML + more))
    assert "has neither items nor links" in refusal(site(TOML + "[[kinds]]\npattern = '/x'"))


def test_a_missing_file_is_one_sentence(tmp_path):
    """A folder, too."""
    assert "cannot read the site file" in refusal(str(tmp_path / "x.toml"))
    (tmp_path / "y.toml").mkdir()
    assert "cannot read the site file" in refusal(str(tmp_path / "y.toml"))


def test_without_cssselect_the_extra_is_named(site, monkeypatch):
    """An XPath does without."""
    monkeypatch.setitem(sys.modules, "cssselect", None)
    with pytest.raises(NotInstalledError, match="pip install cssselect"):
        load_site(site())
    xpaths = TOML.replace('"li.film"', '"//li"').replace('"a"', '".//a"').replace('"i"', '"./i"')
    assert load_site(site(xpaths)).path == "/"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('regex = "[a-z]+"\nconvert = "str"', "ilm"),
        ('regex = "F(..)m"', "il"),
        ('strip = "Fe"', "ilm  one".replace("  ", " ")[:-1]),
        ('convert = "int"', None),
        ('convert = "float"', None),
        ('convert = "first number"', None),
        ('regex = "x(y)?"', None),
    ],
)
def test_a_text_is_cut_and_converted(site, line, value):
    """What cannot be is a page that is not the site's, with the text seen."""
    text = TOML.replace('selector = "a"', f'selector = "a"\n{line}', 1)
    text = text.replace('name = "title"', 'name = "what"', 1)
    text += "[[kinds.fields]]\nname = 'title'\nselector = 'a'\n"
    read = compile_reader(load_site(site(text)))
    if value is None:
        with pytest.raises(BlockedPageError, match="an item's 'what' is 'Film one'"):
            read("http://h/", BODY)
    else:
        assert read("http://h/", BODY).items[0].what == value


@pytest.mark.parametrize("number", ["nan", "inf", "1e300", "9" * 30])
def test_numbers_that_equal_nothing_are_refused(site, number):
    """JSON and comparison have to hold."""
    read = compile_reader(load_site(site()))
    with pytest.raises(BlockedPageError, match="an item's 'number'"):
        read("http://h/", BODY.replace(b'"7"', f'"{number}"'.encode()))


@pytest.mark.parametrize(
    ("convert", "sign"),
    [("int", ""), ("int", "-"), ("float", ""), ("float", "-"), ("first number", "")],
)
def test_numbers_are_taken_up_to_the_bound_that_the_message_names(site, convert, sign):
    """2**53 itself is; the next whole number is refused with what would work."""
    read = compile_reader(load_site(site(TOML.replace('"float"', f'"{convert}"'))))
    text = BODY.replace(b'"7"', f'"{sign}{2**53}"'.encode())
    assert abs(read("http://h/", text).items[0].number) == 2**53
    with pytest.raises(BlockedPageError) as caught:
        read("http://h/", text.replace(str(2**53).encode(), str(2**53 + 2).encode()))
    assert str(caught.value).endswith(
        f"an item's 'number' is '{sign}{2**53 + 2}', and numbers are taken from -2**53 to 2**53, "
        "between which all programs read JSON alike; keep it as text (str)"
    )


def test_pages_beyond_the_kept_ones_are_read_from_disk(site, tmp_path):
    """And checked again: a page that changes meanwhile is not served."""
    site()
    pages = FolderPages(tmp_path, lambda address: address, most_kept_bytes=len(BODY))
    assert pages.read("/")[1] == pages.read("/b")[1] == BODY
    (tmp_path / "page-1.html").write_bytes(b"other")
    assert pages.read("/")[1] == BODY
    with pytest.raises(UsageError, match="but the manifest has"):
        pages.read("/b")


def test_items_pickle_into_another_process(site):
    """So that strategies which parse elsewhere can crawl such a site; with and without ranks."""
    code = "import pickle, sys; print(pickle.load(sys.stdin.buffer)[0].title)"
    for text in (TOML, TOML.replace('"number"', '"rank"').replace('"float"', '"int"')):
        items = compile_reader(load_site(site(text)))("http://h/", BODY).items
        data = pickle.dumps(items)
        assert pickle.loads(data) == items
        command = [sys.executable, "-c", code]
        done = succeed(command, input=data, text=False)
        assert done.stdout.strip() == b"Film one"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('selector = "a"', 'selector = "//a"', "write './/a', which begins at the item"),
        ('selector = "a"', 'selector = "/html/body/a"', "begins at the page's root"),
        ('selector = "a"', 'selector = "(//a)"', "begins at the page's root"),
        ('links = "a"', 'links = "//a/@href"', "finds attributes where elements are due"),
        ('"li.film"', '"//li/text()"', "finds text where elements are due"),
        ('"li.film"', '"//p | //li/@x"', "finds attributes where elements are due"),
    ],
)
def test_selectors_of_the_wrong_kind_or_scope_are_refused(site, old, new, words):
    """When the site is loaded, with what to write."""
    assert words in refusal(site(TOML.replace(old, new, 1)))


def test_a_default_stands_for_what_an_item_lacks(site):
    """Without one the page is refused; it has to be of the field's type."""
    lacking = BODY.replace(b'<i data-n="8">12 votes</i>', b"")
    with pytest.raises(BlockedPageError, match="an item without 'votes'"):
        compile_reader(load_site(site()))("http://h/", lacking)
    text = TOML.replace('"first number"', '"first number"\ndefault = 0')
    text = text.replace('"float"', '"float"\ndefault = 0.0')
    items = compile_reader(load_site(site(text)))("http://h/", lacking).items
    assert [(i.votes, i.number) for i in items] == [(2634, 7.0), (0, 0.0)]
    assert "the default 'x' is no int" in refusal(
        site(text.replace("default = 0\n", 'default = "x"\n'))
    )


@pytest.mark.parametrize(("rule", "archived"), [("drop", "/a/"), ("add", "/a")])
def test_links_are_relative_to_the_address_on_the_real_site(site, rule, archived):
    """A page's one spelling may lack the slash that decides where they lead, or have one more."""
    bodies = {"/": BODY, archived: b'<a href="b">b</a>', "/b": BODY, "/a/b": BODY}
    name = site(f'{TOML}\n[addresses]\ntrailing_slash = "{rule}"\n', bodies)
    spec = open_site(name, is_verified=False).spec
    page = spec.page_address(archived)
    assert page != archived
    target = spec.page_address("/a/b" if archived == "/a/" else "/b")
    assert spec.follow(f"http://h:1{page}", "b", "") == f"http://h:1{target}"
    assert spec.follow(f"http://h:1{page}", "b", "/a/x") == f"http://h:1{spec.page_address('/a/b')}"
    assert spec.follow("http://h:1/b", "a", "") == f"http://h:1{page}"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8"])
def test_base_is_found_in_any_encoding(site, encoding):
    """In UTF-16 its bytes are not those of ASCII letters."""
    text = '<base href="/a/"><ul><li class="film"><a href="b">b</a><i data-n=1>1</i></ul>'
    marked = ("\ufeff" + text).encode(encoding)
    toml = TOML.replace("\n[[kinds]]", f'encoding = "{encoding.replace("6-", "6")}"\n[[kinds]]', 1)
    bodies = {"/": marked, "/a/b": marked, "/b": marked}
    spec = open_site(site(toml, bodies), is_verified=False).spec
    assert compile_reader(spec)("http://h:1/", marked).links == ("http://h:1/a/b",)
