"""A client that writes bytes and forgives nothing, and mirrors in a thread of its process."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from crawlbench.mirror.door import Entrance
from crawlbench.mirror.networks import NETWORKS
from crawlbench.mirror.process import open_mirror
from crawlbench.mirror.responses import Responses
from crawlbench.mirror.server import Mirror
from crawlbench.sites.douban import SITE
from crawlbench.sites.manifest import load_manifest, read_body
from crawlbench.sites.movies import fixture_folder

PATIENCE_S = 20.0
"""After which a test fails; nothing waits as long when all is well."""
TRIES = 5
"""Of what must not take long: once in so many times nobody else has the CPU."""

FOLDER = fixture_folder()
MANIFEST = load_manifest(FOLDER)
BODIES = {page.address: read_body(FOLDER, page) for page in MANIFEST.pages}
"""What the site is, by the pages' addresses."""

GZIP = "Accept-Encoding: gzip"


def make_responses(network=NETWORKS["loopback"]):
    """Return the answers of the Douban site, as the child makes them."""
    return Responses(SITE.pages(), network.keep_alive_s)


def request(target="/top250", *headers, method="GET", version="1.1", body=b""):
    """Return the bytes of one request."""
    head = "\r\n".join([f"{method} {target} HTTP/{version}", "Host: 127.0.0.1", *headers, "", ""])
    return head.encode("latin-1") + body


@dataclass(frozen=True)
class Answer:
    """One answer, its body as it came (without chunks, still coded)."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def page(self):
        """The body, decoded."""
        coded = self.headers.get("Content-Encoding") == "gzip"
        return gzip.decompress(self.body) if coded else self.body


def read_answer(file, method="GET"):
    """Read one answer from a binary file; None where the connection ended before it."""
    line = file.readline()
    if not line:
        return None
    version, status, _ = line.decode("ascii").split(" ", 2)
    assert version == "HTTP/1.1"
    headers = {}
    while (line := file.readline()) != b"\r\n":
        assert line.endswith(b"\r\n"), line
        name, value = line[:-2].decode("ascii").split(": ", 1)
        assert name not in headers, f"{name} came twice"
        headers[name] = value
    if status == "100":  # no answer yet
        return read_answer(file, method)
    has_body = method != "HEAD" and status != "304"
    return Answer(int(status), headers, _read_body(file, headers) if has_body else b"")


def _read_body(file, headers):
    if headers.get("Transfer-Encoding") == "chunked":
        assert "Content-Length" not in headers
        chunks = []
        while size := int(file.readline(), 16):
            chunks.append(_read_exactly(file, size))
            assert file.read(2) == b"\r\n"
        assert file.readline() == b"\r\n"
        return b"".join(chunks)
    if "Content-Length" in headers:
        return _read_exactly(file, int(headers["Content-Length"]))
    assert headers["Connection"] == "close"
    return file.read()


def _read_exactly(file, size):
    data = file.read(size)
    assert len(data) == size, "the connection ended within a body"
    return data


class Wire:
    """One connection to a mirror; ended when its block ends."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()
        self.socket.close()

    def send(self, *pieces):
        """Send; a mirror that has hung up is no error: what it answered is still to be read."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for piece in pieces:
                self.socket.sendall(piece)

    def read(self, method="GET"):
        """Return the next answer; None at the end of the connection."""
        return read_answer(self._file, method)

    def ask(self, target="/top250", *headers, **options):
        """Send one request and return its answer."""
        self.send(request(target, *headers, **options))
        return self.read(options.get("method", "GET"))

    def is_closed(self):
        """Wait for the end of the connection and tell whether nothing came before it."""
        try:
            return self._file.read(1) == b""
        except ConnectionResetError:
            return True


class Running:
    """A mirror that serves from a thread."""

    def __init__(self, loop, mirror, port):
        self.mirror = mirror
        self.port = port
        self._loop = loop

    def open(self):
        """Return a new connection."""
        return Wire(self.port)

    def ask(self, *args, **options):
        """Return the answer to one request on a connection of its own."""
        with self.open() as wire:
            return wire.ask(*args, **options)

    def call(self, function, *args):
        """Run a function in the mirror's thread and return what it returns."""

        async def run():
            return function(*args)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(PATIENCE_S)

    def wait_until(self, condition):
        """Wait until a condition holds, looked at in the mirror's thread."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.call(condition):
            assert time.monotonic() < deadline, "it never came so far"
            time.sleep(0.002)

    def begin(self, epoch="test"):
        """Start a span."""
        self.call(self.mirror.begin, epoch)

    def end(self, requests=0):
        """Return what was counted, once all that came is gone again and nothing is in flight.

        Args:
            requests: to wait for first, where no answer has told that they came.
        """
        self.wait_until(lambda: self.mirror.counters.requests >= requests)
        self.wait_until(lambda: not self.mirror.connections)
        counters = self.call(self.mirror.end)
        assert counters.in_flight == 0
        return counters


@contextlib.contextmanager
def running_mirror(loop_factory, network, seed=1, ca_file=None, responses=None):
    """Serve a site from a thread; an exception that reaches the loop fails the test.

    Args:
        loop_factory: makes the event loop.
        network: the network to play.
        seed: decides its delays and faults.
        ca_file: where to write the certificate of its authority, over TLS.
        responses: the site's answers; None for the Douban site.
    """
    assert ca_file or not network.tls, "over TLS it needs to know where to write its authority"
    loop, errors = loop_factory(), []
    loop.set_exception_handler(lambda _, context: errors.append(context))
    thread = threading.Thread(target=loop.run_forever)
    mirror = Mirror(responses or make_responses(network), network, seed)
    thread.start()
    try:
        opening = Entrance(mirror, ca_file).open_main()
        origin = asyncio.run_coroutine_threadsafe(opening, loop).result(PATIENCE_S)
        port = urlsplit(origin).port
        running = Running(loop, mirror, port)
        try:
            yield running
        finally:
            running.call(mirror.close)
            running.wait_until(lambda: not mirror.connections)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
    assert errors == [], errors


def open_on(network=NETWORKS["loopback"], site=SITE.name, cpus=()):
    """Open a mirror in a process of its own."""
    return open_mirror(site, "loopback", network, 1, cpus)


def connect(mirror):
    """Return a connection to a mirror's process."""
    return Wire(urlsplit(mirror.address).port)
