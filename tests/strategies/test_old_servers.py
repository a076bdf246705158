"""Servers that say neither length nor chunks: what reads by hand reads to the end, or says why not.

Each answer is the site's own page, from a server that writes it byte by byte as it is told.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import zlib
from contextlib import contextmanager

import pytest

from crawlbench.base.errors import BlockedPageError
from crawlbench.measure.crawling import make_site, run_crawls
from crawlbench.plugins import registry

KIND = registry.Kind
SITE = "douban-top250"
GZIP = b"Content-Encoding: gzip\r\n"
OLD, NEW = b"HTTP/1.0 200 OK\r\n", b"HTTP/1.1 200 OK\r\n"

READS_ALL = {
    "HTTP/1.0": lambda body: OLD + GZIP + b"\r\n" + gzip.compress(body),
    "HTTP/1.0 with its end told": lambda body: (
        OLD + GZIP + b"Connection: close\r\n\r\n" + gzip.compress(body)
    ),
    "HTTP/1.1 until the end": lambda body: (
        NEW + GZIP + b"Connection: close\r\n\r\n" + gzip.compress(body)
    ),
    "no blank behind colons": lambda body: (
        OLD + b"Content-Encoding:gzip\r\nServer:old\r\n\r\n" + gzip.compress(body)
    ),
    "HTTP/1.0 with a length": lambda body: _with_length(OLD + GZIP, gzip.compress(body)),
}
PLAIN = {
    "HTTP/1.0, not coded": lambda body: OLD + b"\r\n" + body,
    "no reason behind the status": lambda body: b"HTTP/1.0 200\r\n\r\n" + body,
    "HTTP/1.0 with a length, not coded": lambda body: _with_length(OLD, body),
}
WRONG = {
    "another status": lambda _: b"HTTP/1.0 503 Busy\r\n\r\nlater",
    "nothing": lambda _: b"",
    "half a page": lambda body: OLD + GZIP + b"\r\n" + gzip.compress(body)[:200],
    "an empty page": lambda _: OLD + b"\r\n",
}


def _with_length(head, body):
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


@contextmanager
def serving(answer):
    """Serve the site's pages, one a connection, as `answer` writes them; yield the origin."""
    pages = registry.load(KIND.SITE, SITE).pages()
    listener = socket.create_server(("127.0.0.1", 0))

    def speak():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                asked = b""
                while b"\r\n\r\n" not in asked:
                    asked += connection.recv(65_536)
                address = pages.find(asked.split()[1].decode())
                connection.sendall(answer(pages.read(address)[1]))
                connection.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=speak, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def crawl(strategy, answer):
    """Return the items of a crawl."""
    spec = registry.load(KIND.SITE, SITE)
    read = registry.load(KIND.PARSER, "lxml")(spec)
    made = registry.load(KIND.STRATEGY, strategy)
    factory = asyncio.SelectorEventLoop if registry.needs_loop(made) else None
    with serving(answer) as origin:
        site = make_site(spec, origin + spec.path, read, None)
        _, (items,) = run_crawls(made, site, 3, 1, factory)
    return sorted(items)


@pytest.mark.parametrize("kind", READS_ALL)
@pytest.mark.parametrize("strategy", ["asyncio-streams", "asyncio-httptools", "http-client-serial"])
def test_what_ends_with_its_connection_is_read_to_the_end(strategy, kind):
    """As a client of the standard library reads it."""
    expected = list(registry.load(KIND.SITE, SITE).expected_items())
    assert crawl(strategy, READS_ALL[kind]) == expected


@pytest.mark.parametrize("kind", PLAIN)
def test_what_is_not_coded_is_read_too(kind):
    """By what looks at headers; what does not says what it wants."""
    expected = list(registry.load(KIND.SITE, SITE).expected_items())
    assert crawl("asyncio-streams", PLAIN[kind]) == expected
    with pytest.raises(OSError, match=r"answered 200 and \d+ bytes, not a page in gzip"):
        crawl("asyncio-httptools", PLAIN[kind])


@pytest.mark.parametrize("kind", [*READS_ALL, *PLAIN, *WRONG])
def test_the_limit_says_what_it_cannot_read(kind):
    """It knows chunks alone, and does not wait for them for ever."""
    answer = {**READS_ALL, **PLAIN, **WRONG}[kind]
    with pytest.raises(OSError, match=r"answered .*; only chunks of HTTP/1\.1 are read here"):
        crawl("limit-socket", answer)


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("strategy", ["asyncio-streams", "asyncio-httptools"])
def test_what_is_no_page_is_an_error(strategy, kind):
    """Never fewer items, and never an error of ours such as a key that is not there."""
    with pytest.raises((OSError, EOFError, zlib.error, BlockedPageError), match=r"\w"):
        crawl(strategy, WRONG[kind])
