"""Two addresses of one page get one spelling, two pages never do."""

import pytest
import requests
import yarl
from hypothesis import given
from hypothesis import strategies as st

from crawlbench.sites.addresses import Addresses, AddressRules, host_of, join, split_origin
from crawlbench.sites.manifest import ManifestPage

PLAIN = AddressRules()


def page(address, sha256="0", *aliases):
    return ManifestPage(address, "page.html", sha256, 1, {}, aliases)


@pytest.mark.parametrize(
    ("address", "spelled"),
    [
        ("", "/"),
        ("/a#part", "/a"),
        ("/%7ejoe/%c3%bc", "/~joe/%C3%BC"),
        ("/~joe/ü", "/~joe/%C3%BC"),
        ("/a/./b/../c", "/a/c"),
        ("/../../etc/passwd", "/etc/passwd"),
        ("/a/..", "/"),
        ("/a%2Fb", "/a%2Fb"),
        ("/100%", "/100%25"),
        ("/a?", "/a"),
        ("/a?&&x=1&", "/a?x=1"),
        ("/a?q=a%20b", "/a?q=a+b"),
        ("/a?q=a b", "/a?q=a+b"),
        ("/a?q=a%2Bb", "/a?q=a%2Bb"),
        ("/a?q=%2F%3a", "/a?q=/:"),
        ("/a?q=1%262", "/a?q=1%262"),
    ],
)
def test_what_always_holds(address, spelled):
    """Escapes, dots and fragments, as clients send them or not."""
    assert PLAIN.spell(address) == spelled
    assert PLAIN.spell(spelled) == spelled


@pytest.mark.parametrize(
    ("rules", "address", "spelled"),
    [
        ({"keep_parameters": ["page"]}, "/a?sid=1&page=2", "/a?page=2"),
        ({"keep_parameters": []}, "/a?sid=1", "/a"),
        ({"drop_parameters": ["utm_*"]}, "/a?utm_source=x&b=1", "/a?b=1"),
        ({"sort_parameters": True}, "/a?b=1&a=2", "/a?a=2&b=1"),
        ({"trailing_slash": "drop"}, "/a/", "/a"),
        ({"trailing_slash": "drop"}, "/", "/"),
        ({"trailing_slash": "add"}, "/a", "/a/"),
        ({"trailing_slash": "add"}, "/a.html", "/a.html"),
        ({"index": ["index.html"]}, "/a/index.html?x=1", "/a/?x=1"),
        ({"index": ["index.html"], "trailing_slash": "drop"}, "/a/index.html", "/a"),
        ({"index": ["index.html"], "trailing_slash": "drop"}, "/a/index.html/", "/a"),
        ({"index": ["a", "b"], "trailing_slash": "drop"}, "/x/b/a//", "/x"),
        ({"index": ["index"], "trailing_slash": "add"}, "/a/index", "/a/"),
        ({"ignore_case": True}, "/A?B=C", "/a?b=c"),
        ({"ignore_case": True}, "/%41%c3", "/a%c3"),
        ({"ignore_case": True, "index": ["index.html"]}, "/List/Index.html", "/list/"),
        ({"ignore_case": True, "index": ["Default.aspx"]}, "/default.ASPX", "/"),
        ({"ignore_case": True, "default_parameters": ["Page=1"]}, "/a?pAGE=1", "/a"),
        ({"ignore_case": True, "drop_parameters": ["SID*"]}, "/a?Sid1=7&b=1", "/a?b=1"),
        ({"ignore_case": True, "keep_parameters": ["Page"]}, "/a?PAGE=7&b=1", "/a?page=7"),
        ({"ignore_case": True, "sort_parameters": True}, "/a?P=1&b=2&Q=3", "/a?b=2&p=1&q=3"),
        ({"index": ["index.html"]}, "/a/Index.html", "/a/Index.html"),
    ],
)
def test_what_a_site_adds(rules, address, spelled):
    """Each rule of the table [addresses]."""
    rules = AddressRules(**rules)
    assert rules.spell(address) == spelled
    assert rules.spell(spelled) == spelled


SEGMENTS = "a B index.html Index.HTML %41 %2f %2F .. . a.b é | ^ { % %zz + ~ %7e ;x // ' \" \\"
PAIRS = "page=1 Page=1 p=a+b p=a%20b x = & utm_a=1 %70age=1 q=%26 q=é q=?"
RULES = st.builds(
    AddressRules,
    keep_parameters=st.sampled_from([None, (), ("Page", "u*")]),
    drop_parameters=st.sampled_from([(), ("utm_*",), ("UTM_*", "x")]),
    default_parameters=st.sampled_from([(), ("page=1",), ("Page=1", "q=%26")]),
    sort_parameters=st.booleans(),
    trailing_slash=st.sampled_from(["keep", "drop", "add"]),
    index=st.sampled_from([(), ("index.html",), ("Index.HTML", "a")]),
    ignore_case=st.booleans(),
)


@given(
    RULES,
    st.lists(st.sampled_from(SEGMENTS.split()), max_size=4),
    st.lists(st.sampled_from(PAIRS.split()), max_size=3),
    st.booleans(),
)
def test_a_spelling_spells_itself(rules, segments, pairs, ends_in_slash):
    """Whatever the rules: a page's address, once spelled, leads to the page."""
    path = "/".join(["", *segments]) + "/" * ends_in_slash
    spelled = rules.spell(f"{path}?{'&'.join(pairs)}")
    assert rules.spell(spelled) == spelled
    if rules.ignore_case and spelled.isascii() and "%c3" not in spelled:
        assert rules.spell(f"{path}?{'&'.join(pairs)}".upper()) == spelled


def test_a_site_without_case_has_its_own_start():
    """The address that a page is given leads to it, and an entry in other letters is of use."""
    rules = AddressRules(ignore_case=True, index=("index.html",), default_parameters=("page=1",))
    addresses = Addresses(rules, [page("/List/Index.html?Page=1")])
    assert addresses.page_address("http://h/List/Index.html?Page=1") == "http://h/list/"
    assert addresses.page_address("http://h/list/") == "http://h/list/"
    assert not rules.unused(["/List/Index.html?Page=1"])
    assert AddressRules(index=("index.html",)).unused(["/List/Index.html"])


@given(st.text(max_size=40), st.text(max_size=40))
@pytest.mark.long
def test_clients_and_spelling_agree(path, query):
    """What requests or yarl make of an address is the same page."""
    path = "/" + path.replace("?", "").replace("#", "").lstrip("/\\").replace("\\", "")
    query = query.replace("#", "")
    if any(not text.isprintable() for text in (path, query)):
        return
    spelled = PLAIN.spell(f"{path}?{query}" if query else path)
    assert PLAIN.spell(spelled) == spelled
    by_requests = requests.Request("GET", f"http://h{spelled}").prepare().path_url
    assert PLAIN.spell(by_requests) == spelled
    by_yarl = yarl.URL(f"http://h{spelled}").raw_path_qs
    assert PLAIN.spell(by_yarl) == spelled


def test_pages_are_found_by_any_spelling_and_alias():
    """Absolute or not; an address that leads to no page is empty."""
    addresses = Addresses(PLAIN, [page("/list?x=a%20b"), page("/new", "1", "/old", "/list?x=a+b")])
    assert addresses.page_address("http://h:1/list?x=a+b#c") == "http://h:1/list?x=a+b"
    assert addresses.page_address("/old") == "/new"
    for nothing in ("/other", "mailto:x@y", "javascript:void(0)", "", "http://h", "x"):
        assert addresses.page_address(nothing) == ""
    assert addresses.known == {"/list?x=a+b", "/new"}


def test_pages_that_rules_make_one_are_told():
    """With equal bodies they merge, with others they clash."""
    rules = AddressRules(keep_parameters=())
    addresses = Addresses(rules, [page("/a"), page("/a?x=1"), page("/a?x=2", "2")])
    assert addresses.merged == [("/a", "/a?x=1")]
    assert addresses.clashes == [("/a", "/a?x=2")]


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://Docs.Example.org/a", "docs.example.org"),
        ("http://a.example:80", "a.example"),
        ("https://a.example:8443/", "a.example:8443"),
        ("http://[::1]:8000/", "[::1]:8000"),
    ],
)
def test_hosts(address, host):
    """In lower case, without the usual port."""
    assert host_of(address) == host


@pytest.mark.parametrize("address", ["", "/etc/passwd", "file:///a", "http://", "http://a:x/"])
def test_what_has_no_host(address):
    """No page of the web."""
    with pytest.raises(ValueError):
        host_of(address)


def test_origins():
    """A mere path has none."""
    assert split_origin("HTTP://h:1?x") == ("HTTP://h:1", "?x")
    assert split_origin("/a?http://b") == ("", "/a?http://b")


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("https:/host/a", ("https://host", "/a")),
        ("https:host/a?q#f", ("https://host", "/a?q#f")),
        ("https:///host/a", ("https://host", "/a")),
        ("http:\\\\host\\a", ("http://host", "/a")),
        ("https://host\\a", ("https://host", "/a")),
        (" https://host/a\n", ("https://host", "/a")),
        ("https://host", ("https://host", "")),
        ("https://host?q", ("https://host", "?q")),
        ("HTTP://Host:80/A", ("HTTP://Host:80", "/A")),
        ("/a:b", ("", "/a:b")),
        ("?q", ("", "?q")),
        ("mailto:x@y", ("", "mailto:x@y")),
        ("", ("", "")),
    ],
)
def test_an_address_has_an_origin_as_browsers_read_it(address, parts):
    """What they mend is mended; what is whole stays letter for letter."""
    assert split_origin(address) == parts


@pytest.mark.parametrize(
    ("href", "encoding", "query"),
    [
        ("?q=😀", "gbk", "?q=%26%23128512%3B"),
        ("?q=页😀é&n=1#x", "gbk", "?q=%D2%B3%26%23128512%3B%A8%A6&n=1#x"),
        ("?q=😀", "utf-8", "?q=%F0%9F%98%80"),
        ("?q=a%26b", "gbk", "?q=a%26b"),
    ],
)
def test_query_has_what_its_encoding_lacks_as_an_escaped_reference(href, encoding, query):
    """As browsers send it; bare, its `#` would begin a fragment."""
    assert join("http://a/b", href, encoding) == f"http://a/b{query}"
