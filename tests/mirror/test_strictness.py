"""The table of docs/strictness.md: what a server that people meet refuses, the mirror refuses."""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path

import pytest
from tests.mirror.wire import BODIES, request, running_mirror

from crawlbench.mirror.limits import MAX_HEAD_BYTES, MAX_HEADERS, REFUSALS
from crawlbench.mirror.networks import Network

DOCUMENT = Path(__file__).parents[2] / "docs" / "strictness.md"
GET = b"GET /top250 HTTP/1.1\r\n"
HOST = b"Host: 127.0.0.1\r\n"
LAST_CHUNK = b"0\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked"
MANY = [b"A: b"] * (MAX_HEADERS - 1)


def head(*lines, start=GET):
    """Return a head of these lines."""
    return b"".join([start, *(line + b"\r\n" for line in lines), b"\r\n"])


def big(size):
    """Return a head of so many bytes."""
    rest = size - len(head(HOST[:-2], b"A: "))
    return head(HOST[:-2], b"A: " + b"x" * rest)


def long_chunk(head_bytes, extension_bytes):
    """Return a request whose only chunk has an extension of so many bytes."""
    start = head(HOST[:-2], CHUNKED, b"A: " + b"x" * head_bytes)
    return start + b"1;" + b"e" * extension_bytes + b"\r\nx\r\n" + LAST_CHUNK


CASES = {
    "no Host": (head(), 400),
    "no Host over HTTP/1.0": (head(start=b"GET /top250 HTTP/1.0\r\n"), 200),
    "two Hosts": (head(b"Host: a", b"Host: a"), 400),
    "two Hosts over HTTP/1.0": (
        head(b"Host: a", b"Host: b", start=b"GET /top250 HTTP/1.0\r\n"),
        400,
    ),
    "an empty Host": (head(b"Host:"), 400),
    "a Host of two words": (head(b"Host: a b"), 400),
    "a Host with a path": (head(b"Host: a/b"), 400),
    "a Host with a user": (head(b"Host: me@a"), 400),
    "a Host with a port that is none": (head(b"Host: a:http"), 400),
    "a list of Hosts": (head(b"Host: a, b"), 400),
    "a Host with an empty label": (head(b"Host: a..b"), 400),
    "a Host with a port": (head(b"Host: a:8080"), 200),
    "a Host of IPv6": (head(b"Host: [::1]:80"), 200),
    "a target in absolute form": (
        head(HOST[:-2], start=b"GET http://127.0.0.1/top250 HTTP/1.1\r\n"),
        200,
    ),
    "an absolute form without a host": (
        head(HOST[:-2], start=b"GET http:///top250 HTTP/1.1\r\n"),
        400,
    ),
    "an absolute form with a bad host": (
        head(HOST[:-2], start=b"GET http://a..b/top250 HTTP/1.1\r\n"),
        400,
    ),
    "HTTP/0.9": (b"GET /top250\r\n\r\n", 505),
    "HTTP/1.2": (head(HOST[:-2], start=b"GET /top250 HTTP/1.2\r\n"), 505),
    "HTTP/2.0": (head(HOST[:-2], start=b"GET /top250 HTTP/2.0\r\n"), 505),
    "HTTP/9.9": (head(HOST[:-2], start=b"GET /top250 HTTP/9.9\r\n"), 505),
    "no version's digits": (head(HOST[:-2], start=b"GET /top250 HTTP/x.y\r\n"), 400),
    "an expectation nobody knows": (head(HOST[:-2], b"Expect: a miracle"), 417),
    "an unknown expectation before a known one": (
        head(HOST[:-2], b"Expect: a miracle", b"Expect: 100-continue"),
        417,
    ),
    "an unknown expectation behind a known one": (
        head(HOST[:-2], b"Expect: 100-continue", b"Expect: a miracle"),
        417,
    ),
    "a list of expectations": (head(HOST[:-2], b"Expect: 100-continue, a miracle"), 417),
    "a known expectation twice": (head(HOST[:-2], b"Expect: 100-continue,100-Continue"), 200),
    "an expectation over HTTP/1.0": (
        head(HOST[:-2], b"Expect: 100-continue", start=b"GET /top250 HTTP/1.0\r\n"),
        200,
    ),
    "an expectation without a body": (head(HOST[:-2], b"Expect: 100-continue"), 200),
    "a bare line feed": (b"GET /top250 HTTP/1.1\nHost: a\n\n", 400),
    "a folded line": (head(HOST[:-2], b"A: b", b" c"), 400),
    "a blank before the colon": (head(HOST[:-2], b"A : b"), 400),
    "a control character in a value": (head(HOST[:-2], b"A: \0"), 400),
    "two lengths": (head(HOST[:-2], b"Content-Length: 0", b"Content-Length: 0"), 400),
    "a length and chunks": (
        head(HOST[:-2], b"Content-Length: 0", b"Transfer-Encoding: chunked"),
        400,
    ),
    "chunks over HTTP/1.0": (
        head(b"Transfer-Encoding: chunked", start=b"GET /top250 HTTP/1.0\r\n") + LAST_CHUNK,
        400,
    ),
    "chunks that are coded": (
        head(HOST[:-2], b"Transfer-Encoding: gzip, chunked") + LAST_CHUNK,
        501,
    ),
    "codings in two headers": (
        head(HOST[:-2], b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked") + LAST_CHUNK,
        501,
    ),
    "chunks in capitals": (head(HOST[:-2], b"Transfer-Encoding: Chunked") + LAST_CHUNK, 200),
    "a tag that no page has": (head(HOST[:-2], b'If-Match: "x"'), 412),
    "a page that only has to exist": (head(HOST[:-2], b"If-Match: *"), 200),
    "a page that must not exist": (head(HOST[:-2], b"If-None-Match: *"), 304),
    "a page without a tag": (head(HOST[:-2], b'If-None-Match: "x", "*"'), 200),
    "a tag that no page has, and a page that must not exist": (
        head(HOST[:-2], b"If-None-Match: *", b'If-Match: "x"'),
        412,
    ),
    "no page that must not exist": (
        head(HOST[:-2], b"If-None-Match: *", start=b"GET /none HTTP/1.1\r\n"),
        404,
    ),
    "a date that no page has": (
        head(HOST[:-2], b"If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT"),
        200,
    ),
    "1,000 headers": (head(HOST[:-2], *MANY), 200),
    "1,001 headers": (head(HOST[:-2], *MANY, b"B: c"), 431),
    "a method nobody knows": (head(HOST[:-2], start=b"FETCH /top250 HTTP/1.1\r\n"), 400),
    "a method in small letters": (head(HOST[:-2], start=b"get /top250 HTTP/1.1\r\n"), 400),
    "POST": (head(HOST[:-2], b"Content-Length: 0", start=b"POST /top250 HTTP/1.1\r\n"), 405),
    "a head of 64 KiB": (big(MAX_HEAD_BYTES), 200),
    "a head of a byte more": (big(MAX_HEAD_BYTES + 1), 431),
    "a long head and long chunk extensions": (
        long_chunk(60_000, 8_000),
        200,
    ),
    "a short head and too long chunk extensions": (long_chunk(100, MAX_HEAD_BYTES), 431),
    "990 headers and 20 trailers": (
        head(HOST[:-2], CHUNKED, *MANY[:988]) + LAST_CHUNK[:-2] + b"A: b\r\n" * 20 + b"\r\n",
        200,
    ),
    "1,001 trailers": (
        head(HOST[:-2], CHUNKED) + LAST_CHUNK[:-2] + b"A: b\r\n" * (MAX_HEADERS + 1) + b"\r\n",
        431,
    ),
    "lines before the request": (b"\r\n\r\n" + head(HOST[:-2]), 200),
}
"""What is sent, and the status with which it is answered."""


def test_documented_table_is_the_tested_one():
    """No case more, none less, and the same status."""
    rows = re.findall(r"(?m)^\| ([^|]+) \| (\d{3}) \|", DOCUMENT.read_text(encoding="utf-8"))
    assert dict(rows) == {name: str(status) for name, (_, status) in CASES.items()}


@pytest.mark.parametrize("name", CASES)
def test_what_servers_refuse_is_refused(mirror, name):
    """However the bytes came: at once, behind another request, in pieces."""
    data, status = CASES[name]
    size = max(1, len(data) // 700)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    for sent in ([data], [request() + data], pieces):
        with mirror.open() as wire:
            wire.send(*sent)
            if sent[0].startswith(request()):
                assert wire.read().page == BODIES["/top250"]
            answer = wire.read()
            assert answer.status == status
            if status not in {200, 304, 404, 405, 412}:
                assert answer.headers["Connection"] == "close"
                assert REFUSALS[status].encode() in answer.body
                assert wire.is_closed()


@pytest.mark.parametrize("before", [b"", b"0" * 40, b"3\r\nabc\r\n0\r\n\r\n"])
@pytest.mark.parametrize("excess", [0, 1])
def test_limit_of_a_head_does_not_depend_on_what_came_before_it(mirror, before, excess):
    """Behind a body with a length, or in chunks, in the same packet."""
    framing = (
        "Transfer-Encoding: chunked" if b"\r\n" in before else f"Content-Length: {len(before)}"
    )
    with mirror.open() as wire:
        wire.send(request("/top250", framing, body=before) + big(MAX_HEAD_BYTES + excess))
        assert wire.read().status == 200
        assert wire.read().status == (431 if excess else 200)


def test_page_that_must_not_exist_is_answered_by_its_head_alone(mirror):
    """Neither a body nor a length, and the connection goes on; so it is for HEAD."""
    with mirror.open() as wire:
        for method in ("GET", "HEAD"):
            answer = wire.ask("/top250", "If-None-Match: *", method=method)
            assert answer.status == 304
            assert answer.headers.keys() & {"Content-Length", "Transfer-Encoding"} == set()
            assert answer.headers["Connection"] == "keep-alive"
            assert wire.ask("/top250").page == BODIES["/top250"]


def test_client_that_waits_for_leave_gets_it_at_once(mirror):
    """Before its body has come; then the answer, and the next request is read."""
    with mirror.open() as wire:
        expecting = ("Content-Length: 5", "Expect: 100-continue")
        wire.send(request("/top250", *expecting, method="POST"))
        assert wire.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.send(b"hello")
        assert wire.read().status == 405
        assert wire.ask().page == BODIES["/top250"]


def test_leave_to_send_a_body_takes_its_turn_and_a_round_trip(loop_factory):
    """Behind the answers that wait, of which a client may have asked for several."""
    network = Network(round_trip_s=0.05)
    with running_mirror(loop_factory, network) as running, running.open() as wire:
        start = time.monotonic()
        expecting = ("Content-Length: 5", "Expect: 100-continue")
        wire.send(request("/none") + request("/top250", *expecting, method="POST"))
        came = b""
        while b"100 Continue" not in came:
            came += wire.socket.recv(65_536)
        assert time.monotonic() - start >= 0.05
        assert came.startswith(b"HTTP/1.1 404 ")
        assert came.endswith(b"\nHTTP/1.1 100 Continue\r\n\r\n")
        between = time.monotonic()
        wire.send(b"12345")
        assert wire.read().status == 405
        assert time.monotonic() - between >= 0.05


@pytest.mark.parametrize(
    "trailer",
    ["Host: other", "If-Match: x", "Accept-Encoding: gzip", "Cookie: bid=1", "Expect: a miracle"],
)
def test_trailers_are_no_headers(mirror, trailer):
    """They come after the answer is decided (RFC 9110, 6.5.1)."""
    body = f"1\r\nx\r\n0\r\n{trailer}\r\n\r\n".encode()
    with mirror.open() as wire:
        answer = wire.ask("/top250", "Transfer-Encoding: chunked", body=body)
        assert answer.status == 200
        assert "Content-Encoding" not in answer.headers
        assert "Set-Cookie" in answer.headers
        assert wire.ask().status == 200


@pytest.mark.parametrize(("round_trip_s", "comes"), [(0.0, True), (0.05, False)])
def test_client_that_ends_its_side_has_left(loop_factory, round_trip_s, comes):
    """What was answered before that comes; what a network still delays is neither sent nor owed."""
    with running_mirror(loop_factory, Network(round_trip_s=round_trip_s)) as running:
        running.begin()
        with running.open() as wire:
            wire.send(request())
            wire.socket.shutdown(socket.SHUT_WR)
            came = b"".join(iter(lambda: wire.socket.recv(65_536), b""))
        assert came.startswith(b"HTTP/1.1 200 ") == comes
        assert bool(came) == comes
        counters = running.end(requests=1)
    assert (counters.requests, counters.in_flight) == (1, 0)
