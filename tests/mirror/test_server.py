"""What a mirror answers to clients that mean well, on real connections."""

from __future__ import annotations

import pytest
from tests.mirror.wire import BODIES, GZIP, request

KEPT = {"Connection": "keep-alive", "Keep-Alive": "timeout=30"}
PAGE_2 = "/top250?start=25&filter="


def test_crawl_gets_the_ten_fixtures_byte_for_byte(mirror):
    """All pages over one connection, unzipped: the files of the folder."""
    with mirror.open() as wire:
        assert {address: wire.ask(address, GZIP).page for address in BODIES} == BODIES


@pytest.mark.parametrize("target", ["/top250", "/top250?start=0", "/top250?start=0&filter="])
def test_page_1_has_three_spellings(wire, target):
    """All three are the same page, not a redirect."""
    answer = wire.ask(target, GZIP)
    assert (answer.status, answer.page) == (200, BODIES["/top250"])


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ((), None),
        (("Accept-Encoding:",), None),
        (("Accept-Encoding: identity",), None),
        (("Accept-Encoding: gzip;q=0, *",), None),
        (("Accept-Encoding: *",), "gzip"),
        (("Accept-Encoding: gzip, deflate",), "gzip"),
        (("ACCEPT-encoding:gzip",), "gzip"),
        (("Accept-Encoding: identity", "Accept-Encoding: gzip"), "gzip"),
    ],
)
def test_body_is_chunked_and_coded_as_the_client_accepts(wire, header, coding):
    """Every page is chunked; gzip comes to those who accept it, and to nobody else."""
    answer = wire.ask(PAGE_2, *header)
    assert answer.headers.get("Content-Encoding") == coding
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert "Content-Length" not in answer.headers
    assert answer.page == BODIES[PAGE_2]
    assert (answer.body == answer.page) is (coding is None)


def test_only_a_client_without_bid_is_given_one(wire):
    """The cookie is asked for anew in each request."""
    assert wire.ask("/top250").headers["Set-Cookie"].startswith("bid=")
    assert "Set-Cookie" not in wire.ask("/top250", "Cookie: ll=1; bid=abcdefghijk").headers
    assert "Set-Cookie" in wire.ask("/top250", "cookie: forbid=1").headers


def test_connection_is_kept_and_used_again(wire, mirror):
    """Many requests, one connection, one promise in each answer."""
    assert wire.ask().status == 200  # so the connection belongs to the span before
    mirror.begin()
    for _ in range(20):
        answer = wire.ask()
        assert {name: answer.headers[name] for name in KEPT} == KEPT
    counters = mirror.call(mirror.mirror.end)
    assert (counters.requests, counters.connections) == (20, 0)


def test_slash_too_many_is_moved_to_the_page(wire):
    """`/top250/` answers 301 to `/top250`, on the connection that stays."""
    for target in ("/top250/", "http://evil.example/top250/"):
        answer = wire.ask(target)
        assert (answer.status, answer.headers["Location"]) == (301, "/top250")
    assert wire.ask().status == 200


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/top25",
        "/top250//",
        "/top250/?start=25",
        "/top250?start=250&filter=",
        "/top250?start=999/",
        "/top250?start=0/",
        "/robots.txt",
        "//127.0.0.1/top250",
        "/../../etc/passwd",
        "/%2e%2e/manifest.json",
        "/manifest.json",
        "/top250%00",
        "/%",
        "/%E7%94%B5%E5%BD%B1",
        "http://127.0.0.1/movies.csv",
    ],
)
def test_what_is_no_page_is_not_found(wire, target):
    """404, and the connection stays."""
    answer = wire.ask(target)
    assert (answer.status, answer.body) == (404, b"404 Not Found\n")
    assert answer.headers["Connection"] == "keep-alive"
    assert wire.ask().status == 200


def test_absolute_form_is_the_same_page(wire):
    """A request as to a proxy names the page behind its host."""
    answer = wire.ask("http://movie.douban.com/top250?start=25&filter=", GZIP)
    assert answer.page == BODIES[PAGE_2]


def test_head_has_the_headers_and_no_body(wire):
    """Nothing follows the head; the next answer is read as such."""
    for target, status in ((PAGE_2, 200), ("/top250/", 301), ("/none", 404)):
        whole = wire.ask(target, GZIP)
        bare = wire.ask(target, GZIP, method="HEAD")
        assert (bare.status, bare.headers) == (status, whole.headers)
    assert wire.ask().status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "QUERY"])
def test_other_methods_are_not_allowed(wire, method):
    """405 says which are; a body is read over, and the connection stays."""
    for options in ({}, {"body": b"movie=1"}):
        length = [f"Content-Length: {len(body)}" for body in options.values()]
        answer = wire.ask("/top250", *length, method=method, **options)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert wire.ask().status == 200


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Content-Length: 5"], b"12345"),
        (["Transfer-Encoding: chunked"], b"3\r\nabc\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], b"3;a=b\r\nabc\r\n0\r\nTrailer: x\r\n\r\n"),
    ],
)
def test_body_of_a_request_is_not_the_next_request(wire, headers, body):
    """A GET may have a body; what follows it is the next request."""
    wire.send(request("/top250", *headers, body=body) + request(PAGE_2))
    assert wire.read().page == BODIES["/top250"]
    assert wire.read().page == BODIES[PAGE_2]


@pytest.mark.parametrize("headers", [(), ("Connection: keep-alive",)])
def test_http_1_0_gets_no_chunks_and_is_closed(wire, headers):
    """The end of the connection is the end of the body."""
    wire.send(request("/top250", *headers, version="1.0") + request(PAGE_2, version="1.0"))
    answer = wire.read()
    assert "Transfer-Encoding" not in answer.headers
    assert "Keep-Alive" not in answer.headers
    assert answer.page == BODIES["/top250"]
    assert wire.is_closed()


@pytest.mark.parametrize("value", ["close", "Close", "keep-alive, close"])
def test_connection_is_closed_when_the_client_says_so(wire, value):
    """The answer says it too, comes whole, and is the last: what follows gets none."""
    wire.send(request("/top250", f"Connection: {value}") + request(PAGE_2))
    answer = wire.read()
    assert answer.headers["Connection"] == "close"
    assert "Keep-Alive" not in answer.headers
    assert answer.page == BODIES["/top250"]
    assert wire.is_closed()


@pytest.mark.parametrize("protocol", ["h2c", "websocket"])
def test_upgrade_is_answered_as_a_plain_request_and_closed(wire, protocol):
    """We speak nothing else; a client that goes on in another protocol is not read."""
    upgrade = request(PAGE_2, f"Upgrade: {protocol}", "Connection: Upgrade, HTTP2-Settings")
    wire.send(upgrade + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    answer = wire.read()
    assert (answer.status, answer.headers["Connection"]) == (200, "close")
    assert answer.page == BODIES[PAGE_2]
    assert wire.is_closed()


def test_connect_is_refused_and_closed(wire):
    """A mirror is no proxy."""
    answer = wire.ask("movie.douban.com:443", method="CONNECT")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert wire.is_closed()


def test_request_may_come_byte_by_byte(wire, mirror):
    """However a request is cut, it is one request."""
    mirror.begin()
    whole = request(PAGE_2, GZIP, "Cookie: bid=abcdefghijk", "X: " + "x" * 50)
    for _ in range(2):
        wire.send(*(whole[at : at + 1] for at in range(len(whole))))
        answer = wire.read()
        assert answer.page == BODIES[PAGE_2]
        assert "Set-Cookie" not in answer.headers
    assert mirror.call(mirror.mirror.end).requests == 2


def test_blank_lines_before_a_request_are_read_over(wire):
    """Old clients send a line break too many after a body."""
    wire.send(b"\r\n\r\n" + request() + b"\r\n" + request(PAGE_2))
    assert wire.read().page == BODIES["/top250"]
    assert wire.read().page == BODIES[PAGE_2]
