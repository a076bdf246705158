"""Answers are rendered as the real host sends them, and only for what is a page."""

from __future__ import annotations

import gzip
import io
import sys

import pytest
from tests.mirror.wire import BODIES, make_responses, read_answer

from crawlbench.mirror.codings import BROTLI, GZIP, ZSTD, choose_coding
from crawlbench.mirror.http1 import CLOSE, HEAD, HTTP10
from crawlbench.mirror.responses import ABSENT, JSON, NEW_VISITOR, UNMATCHED, Responses, has_bid

RESPONSES = make_responses()
PAGE_2 = "/top250?start=25&filter="
COMMON = {
    "Content-Type": "text/html; charset=utf-8",
    "Vary": "Accept-Encoding",
    "Cache-Control": "must-revalidate, no-cache, private",
    "Pragma": "no-cache",
    "Server": "dae",
}
KEPT = {**COMMON, "Connection": "keep-alive", "Keep-Alive": "timeout=30"}
CHUNKED = {"Transfer-Encoding": "chunked"}
CLOSED = {**COMMON, "Connection": "close"}


def render_error(status, flags, extra=None):
    """Return a short answer as HTTP/1.1 sends it."""
    return RESPONSES.render(RESPONSES.error_answer(status, extra), flags)


def parse(rendered, method="GET"):
    """Read one answer and insist that there is nothing after it."""
    file = io.BytesIO(rendered)
    answer = read_answer(file, method)
    assert file.read() == b""
    return answer


@pytest.mark.parametrize(
    ("accept_encoding", "accepted"),
    [
        ("gzip", True),
        ("GZip", True),
        ("x-gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("identity;q=0.5,gzip;q=0.001", True),
        ("deflate ,\tgzip ; q=0.5", True),
        ("*", True),
        ("*;q=0.5", True),
        ("identity;q=0, *", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("gzip; Q=0", False),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("*, gzip;q=0", False),
        ("gzip;q=", False),
        ("gzip;q=much", False),
        ("gzip;q=nan", False),
        ("gzip;q=inf", False),
        ("gzipped, notgzip", False),
        (",,;,=", False),
    ],
)
def test_gzip_is_taken_from_accept_encoding(accept_encoding, accepted):
    """Weights, `*` and blanks count as RFC 9110 says; what cannot be read is no consent."""
    assert bool(choose_coding(accept_encoding.encode())) is accepted


@pytest.mark.parametrize(
    ("accept_encoding", "coding"),
    [
        ("gzip, deflate, br, zstd", ZSTD),
        ("gzip, deflate, br", BROTLI),
        ("gzip, br;q=0.5", GZIP),
        ("br, zstd;q=0", BROTLI),
        ("*", GZIP),
    ],
)
def test_preferred_coding_is_chosen(accept_encoding, coding):
    """Of those with the same weight the one that servers prefer."""
    assert choose_coding(accept_encoding.encode()) == coding


def test_answers_in_all_codings_are_the_same_page():
    """Each is made once, and inflates to what goes out plain."""
    import brotli
    from backports import zstd

    responses = make_responses()
    plain = responses.answer("/top250", 0).body
    for flag, name, inflate in (
        (BROTLI, "br", brotli.decompress),
        (ZSTD, "zstd", zstd.decompress),
    ):
        answer = responses.answer("/top250", flag)
        assert answer.headers["Content-Encoding"] == name
        assert inflate(answer.body) == plain
        assert responses.answer("/top250", flag) is answer


@pytest.mark.parametrize(
    ("cookie", "known"),
    [
        ("bid=abc", True),
        ("ll=1; bid=abc; x=2", True),
        ("ll=1;bid=abc", True),
        ("", False),
        ("ll=1", False),
        ("forbid=1", False),
        ("ll=bid=1", False),
        ("bid", False),
    ],
)
def test_visitor_is_known_by_the_cookie_of_that_very_name(cookie, known):
    """A cookie whose name or value only ends in `bid=` is none."""
    assert has_bid(cookie.encode()) is known


@pytest.mark.parametrize(
    ("target", "page"),
    [
        ("/top250", "/top250"),
        ("/top250?start=0", "/top250"),
        ("/top250?start=0&filter=", "/top250"),
        ("/top250?start=25&filter=", PAGE_2),
        ("/top250?start=25", PAGE_2),
        ("/top250?filter=&start=25", PAGE_2),
        ("/top250?start=%32%35&filter=", PAGE_2),
        ("http://127.0.0.1:80/top250?start=25&filter=", PAGE_2),
        ("HTTP://movie.douban.com/top250", "/top250"),
        ("/", None),
        ("", None),
        ("*", None),
        ("/top250/", None),
        ("/TOP250", None),
        ("/top%3250", None),
        ("/top250?start=250&filter=", None),
        ("/top250?start=1", None),
        ("/top250?start=-25", None),
        ("/top250?start=025", None),
        ("/top250?start=%EF%BC%92%EF%BC%95", None),
        ("/top250?start=25%26filter%3D", None),
        ("/top250?start=%00", None),
        ("/top250%3Fstart=25", None),
        ("//evil/top250", None),
        ("http:top250", None),
        ("http://[/top250", None),
        ("http://host", None),
        ("http://host//top250", None),
        ("/../fixtures/douban/movies.csv", None),
        ("/top250/../manifest.json", None),
        ("page-01.html", None),
        ("/page-01.html", None),
        ("/top250\xe9", None),
    ],
)
def test_target_names_a_page_or_nothing(target, page):
    """The spellings of a page lead to it; whatever else a client writes leads nowhere."""
    assert RESPONSES.find_page(target.encode("latin-1")) == page


def test_every_page_of_the_fixtures_is_found_and_whole():
    """Decoded, the ten pages are the files byte for byte, with gzip and without."""
    assert len(BODIES) == 10
    for address, body in BODIES.items():
        assert RESPONSES.find_page(address.encode()) == address
        for flags in (0, GZIP, HTTP10, GZIP | HTTP10, CLOSE, GZIP | CLOSE | NEW_VISITOR):
            answer = parse(RESPONSES.page(address, flags).data)
            assert answer.page == body
            assert ("Content-Encoding" in answer.headers) is bool(flags & GZIP)


@pytest.mark.parametrize(
    ("flags", "headers"),
    [
        (0, {**KEPT, **CHUNKED}),
        (GZIP, {**KEPT, **CHUNKED, "Content-Encoding": "gzip"}),
        (CLOSE, {**CLOSED, **CHUNKED}),
        (HTTP10, CLOSED),
        (CLOSE | HTTP10 | GZIP, {**CLOSED, "Content-Encoding": "gzip"}),
    ],
)
def test_headers_of_a_page_are_the_real_hosts(flags, headers):
    """No length, no ETag, no date of change; and a promise to keep only what is kept."""
    for head in (0, HEAD):
        rendered = RESPONSES.page("/top250", flags | head).data
        assert parse(rendered, "HEAD" if head else "GET").headers == headers


def test_new_visitor_is_given_a_bid_of_eleven_characters():
    """The cookie is as long as the real one, so that answers weigh the same."""
    cookie = parse(RESPONSES.page("/top250", NEW_VISITOR).data).headers["Set-Cookie"]
    name, value = cookie.partition(";")[0].split("=")
    assert (name, len(value)) == ("bid", 11)


def test_head_is_the_answer_without_its_body():
    """HEAD and GET have the same headers, also in an error."""
    for flags in (0, GZIP, CLOSE, NEW_VISITOR):
        whole = RESPONSES.page(PAGE_2, flags).data
        assert RESPONSES.page(PAGE_2, flags | HEAD).data == whole[: whole.index(b"\r\n\r\n") + 4]
    whole = render_error(404, 0)
    assert render_error(404, HEAD) == whole[: whole.index(b"\r\n\r\n") + 4]


def test_page_is_rendered_once_and_alike_everywhere():
    """The same object is sent again, and another mirror sends the same bytes."""
    first = RESPONSES.page("/top250", GZIP)
    assert RESPONSES.page("/top250", GZIP) is first
    assert make_responses().page("/top250", GZIP).data == first.data


def test_gzip_is_as_small_as_the_real_hosts():
    """Level 6 makes a page of about 67 kB five to six times smaller, as measured."""
    for address, body in BODIES.items():
        coded = parse(RESPONSES.page(address, GZIP).data).body
        assert coded == gzip.compress(body, 6, mtime=0)
        assert 4.5 < len(body) / len(coded) < 6.5


def test_error_is_short_and_has_its_length():
    """What is no page is plain text, and says whether the connection stays."""
    answer = parse(render_error(405, 0, {"Allow": "GET, HEAD"}))
    assert (answer.status, answer.body) == (405, b"405 Method Not Allowed\n")
    assert answer.headers == {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": "23",
        "Connection": "keep-alive",
        "Keep-Alive": "timeout=30",
        "Allow": "GET, HEAD",
    }
    for flags in (CLOSE, HTTP10):
        assert parse(render_error(404, flags)).headers["Connection"] == "close"


class OnePage:
    """A source with one empty page, which cannot read some addresses."""

    def find(self, address):
        if address != "/empty":
            raise ValueError(address)
        return address

    def read(self, address):
        return {}, b""


def test_empty_page_is_a_page():
    """A site may have a page without a body; its only chunk is the last one."""
    assert parse(Responses(OnePage()).page("/empty", 0).data).body == b""


def test_site_that_cannot_read_an_address_does_not_have_it():
    """ValueError from a site's pages means that there is no such page."""
    assert Responses(OnePage()).find_page(b"/") is None


def asking_site():
    """Return the answers of a site whose one page is asked for by POST."""
    return Responses(OnePage(), method="POST", payload=lambda _: {"page": 1})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"page": 1}', 0),
        (b'{"page": 2}', 422),
        (b"page=1", 400),
        (b"\xff", 400),
        (b"[" * 2**20, 400),
        (b'{"page":' * 100_000, 400),
    ],
)
def test_body_of_a_post_is_what_the_page_expects(body, status):
    """Or it is refused, also when it is nested so deeply that Python gives up."""
    assert asking_site().refusal(b"POST", "/empty", JSON, body) == status


def test_bodies_of_clients_are_not_kept():
    """Neither long ones nor those of requests that are refused for their head."""
    site = asking_site()
    for body in (b"0" * 2**16, b'{"page": %d}' % 1):
        holders = sys.getrefcount(body)
        for method in (b"POST", b"PUT"):
            for flags in (JSON, 0):
                site.refusal(method, "/empty", flags, body)
        site.refusal(b"POST", None, JSON, body)
        assert sys.getrefcount(body) == holders


@pytest.mark.parametrize(("flags", "status"), [(ABSENT, 412), (UNMATCHED | ABSENT, 412), (0, 415)])
def test_post_for_a_page_that_must_not_exist(flags, status):
    """A condition that fails is 412 for whatever is not read (RFC 9110, 13.1.2)."""
    responses = asking_site()
    assert responses.refusal(b"POST", "/a", flags, b"") == status
    assert responses.refusal(b"POST", None, ABSENT, b"") == 0
