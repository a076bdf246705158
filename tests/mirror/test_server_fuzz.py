"""Whatever comes in: nothing raises, nothing but the site's pages goes out, the mirror goes on."""

from __future__ import annotations

import asyncio
import contextlib
import io
import itertools
import os
import socket

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.mirror.wire import BODIES, GZIP, make_responses, read_answer, request

from crawlbench.mirror.clock import Clock
from crawlbench.mirror.connection import Connection
from crawlbench.mirror.networks import NETWORKS
from crawlbench.mirror.server import Mirror

pytestmark = pytest.mark.slow

PAGES = set(BODIES.values())
REFUSALS = {301, 400, 404, 405, 413, 414, 417, 431, 501, 505}
BOUNDED = settings(derandomize=True, database=None)
SHARE = float(os.environ.get("CRAWLBENCH_FUZZ", "250")) / 1000
"""Of two thousand conversations, and of five hundred on real connections: a half in test-all."""

targets = st.one_of(
    st.sampled_from([*BODIES, "/top250/", "/", "*", "http://h/top250", "//h/top250", "h:1"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20).map("/top250".__add__),
)
plain_headers = [
    GZIP,
    "Accept-Encoding: *;q=0",
    "Cookie: bid=1",
    "Connection: keep-alive",
    "Expect: 100-continue",
]
odd_headers = [
    "Connection: close",
    "Connection: Upgrade",
    "Upgrade: h2c",
    "Content-Length: 0",
    "Content-Length: 3",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "A: b\r\n c",
    "A: b\nB: c",
    ": c",
]
framed_bodies = [
    ([], b""),
    (["Content-Length: 3"], b"abc"),
    (["Transfer-Encoding: chunked"], b"3\r\nabc\r\n0\r\nA: b\r\n\r\n"),
]
plain_requests = st.builds(
    lambda target, lines, framed, method: request(
        target, *lines, *framed[0], method=method, body=framed[1]
    ),
    targets,
    st.lists(st.sampled_from(plain_headers), max_size=3),
    st.sampled_from(framed_bodies),
    st.sampled_from(["GET"] * 6 + ["HEAD", "POST", "OPTIONS"]),
)
odd_requests = st.builds(
    lambda target, lines, **others: request(target, *lines, **others),
    st.one_of(targets, st.text(st.characters(max_codepoint=255), max_size=9)),
    st.lists(st.sampled_from(plain_headers + odd_headers), max_size=4),
    method=st.sampled_from(["GET"] * 6 + ["HEAD", "CONNECT", "PRI", "get", ""]),
    version=st.sampled_from(["1.1"] * 6 + ["1.0", "0.9", "2.0", "1.2"]),
    body=st.sampled_from([b"", b"abc", b"\r\n", b"0\r\n\r\n"]),
)


@st.composite
def inputs(draw):
    """Draw random bytes or a few requests, some of whose bytes are changed, lost or new."""
    if draw(st.integers(0, 19)) == 0:
        return draw(st.binary(max_size=200))
    requests = draw(st.lists(plain_requests, max_size=5))
    requests += draw(st.lists(odd_requests, max_size=2))
    data = bytearray(b"".join(draw(st.permutations(requests))))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(data)


class Recorder(asyncio.Transport):
    """Keeps what a connection writes; takes all of it at once."""

    def __init__(self):
        super().__init__()
        self.written = b""
        self.closed = False
        self.ended = False
        """Whether nothing more is written, though what comes is still read."""

    def write(self, data):
        """Keep."""
        assert not self.closed, "written after the end"
        assert not self.ended, "written after its own end"
        self.written += data

    def set_write_buffer_limits(self, high=None, low=None):
        """As a real transport."""

    def is_closing(self):
        """As a real transport."""
        return self.closed

    def can_write_eof(self):
        """As a real transport without TLS."""
        return True

    def write_eof(self):
        """As a real transport."""
        self.ended = True

    def close(self):
        """As a real transport."""
        self.closed = True

    abort = close

    def pause_reading(self):
        """Nothing is read from here."""

    resume_reading = pause_reading


def converse(mirror, pieces):
    """Feed one connection piece by piece, and return what it wrote and whether it hung up."""
    connection, recorder = Connection(mirror, mirror.doors.main), Recorder()
    connection.connection_made(recorder)
    for piece in pieces:
        if not recorder.closed:  # a real transport reads no more then
            connection.data_received(piece)
    connection.connection_lost(None)
    return recorder.written, recorder.closed or recorder.ended


def cut(data, places):
    """Return the pieces between the places."""
    edges = [0, *sorted(min(place, len(data)) for place in places), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges) if a < b]


def assert_only_pages_and_refusals(written):
    """Read all answers to the end."""
    file = io.BytesIO(written)
    while answer := read_answer(file):
        assert (answer.status == 200 and answer.page in PAGES) or answer.status in REFUSALS


@pytest.fixture(scope="module")
def loop():
    """Return a loop that runs only when told to; nothing may raise in it."""
    loop, errors = asyncio.new_event_loop(), []
    loop.set_exception_handler(lambda _, context: errors.append(context))
    yield loop
    loop.close()
    assert errors == []


@pytest.fixture(scope="module")
def quiet_mirror(loop):
    """Return a mirror without a server."""
    mirror = Mirror(make_responses(), NETWORKS["loopback"], 1)
    mirror.clock = Clock(loop)
    yield mirror
    mirror.clock.close()


@given(data=inputs(), places=st.lists(st.integers(0, 400), max_size=8))
@example(data=request() * 3, places=[1, 50])
@example(data=b"PRI /top250 HTTP/1.2\r\nHost: 127.0.0.1\r\n\r\n", places=[5])
@example(data=b"PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n", places=[1])
@settings(BOUNDED, max_examples=max(1, int(2000 * SHARE)))
def test_any_bytes_are_answered_alike_however_they_are_cut(loop, quiet_mirror, data, places):
    """Whole, in pieces or byte by byte, the same goes out: pages and refusals, nothing else."""

    async def run():
        return [converse(quiet_mirror, cut(data, at)) for at in ([], places, range(len(data)))]

    whole, in_pieces, in_bytes = loop.run_until_complete(run())
    assert whole == in_pieces == in_bytes
    assert quiet_mirror.counters.in_flight == 0
    if b"HEAD" not in data:  # whose answers have no bodies
        assert_only_pages_and_refusals(whole[0])


def test_mirror_survives_any_bytes_on_real_connections(mirror):
    """Clients that send anything and leave: afterwards a right crawl is answered as ever."""

    @given(data=inputs(), places=st.lists(st.integers(0, 400), max_size=2), waits=st.booleans())
    @settings(BOUNDED, max_examples=max(1, int(500 * SHARE)))
    def send(data, places, waits):
        with mirror.open() as wire:
            wire.send(*cut(data, places))
            if waits:
                with contextlib.suppress(OSError):  # hung up on before
                    wire.socket.shutdown(socket.SHUT_WR)
                    while wire.socket.recv(65_536):
                        pass

    send()
    assert mirror.ask().status == 200  # so all before it have been let in
    mirror.wait_until(lambda: not mirror.mirror.connections)
    mirror.begin()
    with mirror.open() as wire:
        assert {address: wire.ask(address, GZIP).page for address in BODIES} == BODIES
    assert mirror.end(requests=10).pages == dict.fromkeys(BODIES, 1)
