"""Clients of HTTP/2 that are broken or hostile: limits hold, nothing escapes, others go on."""

from __future__ import annotations

import contextlib
import socket
import struct
import time

import pytest
from h2.errors import ErrorCodes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.mirror.h2wire import Http2Wire
from tests.mirror.wire import BODIES, running_mirror

from crawlbench.mirror import http2, inbox, limits
from crawlbench.mirror.inbox import PREFACE
from crawlbench.mirror.limits import MAX_TARGET_BYTES
from crawlbench.mirror.networks import NETWORKS, Network

SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


def frame(kind, flags, stream, body=b""):
    """Return the bytes of a frame."""
    return (
        struct.pack(">I", len(body))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + body
    )


@pytest.fixture
def wire(mirror):
    """Return a connection to the mirror without delays."""
    with Http2Wire(mirror.port) as wire:
        yield wire


@pytest.fixture(autouse=True)
def good_crawl(mirror):
    """See that the mirror serves others as before, after each test."""
    yield
    with Http2Wire(mirror.port) as other:
        assert other.ask().page == BODIES["/top250"]


def assert_sent_away(wire, code):
    """Read to the end of the connection, and see what was given as the reason."""
    wire.read_all()
    assert wire.goaway == code


def test_most_streams_are_told_and_held(loop_factory):
    """One more is an error of the client, which knew, and of that stream only."""
    with (
        running_mirror(loop_factory, Network(round_trip_s=60)) as running,
        Http2Wire(running.port) as wire,
    ):
        wire.read_until(lambda: wire.settings)
        for _ in range(inbox.MAX_STREAMS):
            wire.request()
        wire.flush()
        running.wait_until(lambda: running.mirror.counters.in_flight == inbox.MAX_STREAMS)
        wire.h2.remote_settings.max_concurrent_streams = 10_000
        wire.h2.remote_settings.acknowledge()
        for _ in range(2 * inbox.MAX_STREAMS):
            assert wire.ask().reset == ErrorCodes.REFUSED_STREAM
        assert running.mirror.counters.in_flight == inbox.MAX_STREAMS
        assert wire.goaway is None
        wire.h2.reset_stream(1)
        wire.flush()
        running.wait_until(lambda: running.mirror.counters.in_flight == inbox.MAX_STREAMS - 1)
        last = wire.request()
        wire.flush()
        running.wait_until(lambda: running.mirror.counters.in_flight == inbox.MAX_STREAMS)
        assert wire.streams[last].reset is None
        assert running.mirror.counters.pages["(refused beyond 128 streams)"] == 256


def test_rapid_reset_is_given_up(loop_factory):
    """Requests that are taken back at once, again and again (CVE-2023-44487)."""
    with (
        running_mirror(loop_factory, Network(round_trip_s=60)) as running,
        Http2Wire(running.port) as wire,
    ):
        for _ in range(limits.MAX_RESETS + 1):
            wire.h2.reset_stream(wire.request())
            wire.flush()
        assert_sent_away(wire, ErrorCodes.ENHANCE_YOUR_CALM)
        assert running.end().requests <= limits.MAX_RESETS + 2


def test_client_that_takes_some_requests_back_is_served(mirror, wire):
    """As browsers do, when their users leave a page."""
    for _ in range(300):
        wire.ask("/none")
        wire.h2.reset_stream(wire.request())
    assert wire.ask().status == 200


@pytest.mark.parametrize(
    "chatter",
    [
        frame(6, 0, 0, b"12345678"),  # PING
        SETTINGS,
        frame(2, 0, 1, b"\x00\x00\x00\x00\x10"),  # PRIORITY
        frame(8, 0, 0, b"\x00\x00\x00\x01"),  # WINDOW_UPDATE
        frame(0xFA, 0, 0, b"?"),  # of no known kind
    ],
)
def test_client_that_only_chats_is_given_up(wire, chatter):
    """Whatever it says a thousand times without asking for anything."""
    for _ in range(20):
        wire.send(chatter * 60)
    assert_sent_away(wire, ErrorCodes.ENHANCE_YOUR_CALM)


def test_empty_frames_of_a_body_are_chatter(wire):
    """They cost the sender nine bytes each (CVE-2019-9518)."""
    stream = wire.request(method="POST", ends=False)
    wire.flush()
    for _ in range(20):
        wire.send(frame(0, 0, stream) * 60)
    assert_sent_away(wire, ErrorCodes.ENHANCE_YOUR_CALM)


def test_body_of_a_request_is_read_over_up_to_a_limit(wire, mirror):
    """Windows open again for a megabyte; beyond it the answer says so, and others go on."""
    mirror.begin()
    stream, sent = wire.request(method="POST", ends=False), 0
    wire.flush()
    while not wire.streams[stream].is_over and sent < 2**21:
        size = min(16_384, wire.h2.local_flow_control_window(stream))
        if size:
            wire.h2.send_data(stream, b"x" * size)
            sent += size
            wire.flush()
        else:
            wire.read()
    wire.read_until(lambda: wire.streams[stream].is_over)
    assert 2**20 < sent < 2**21
    assert wire.streams[stream].status == 413
    assert wire.ask(method="POST").status == 405
    assert mirror.mirror.counters.pages["(refused with 413)"] == 1


@pytest.mark.parametrize("round_trip_s", [0.0, 0.02])
def test_client_that_waits_for_leave_gets_it(loop_factory, round_trip_s):
    """After a round trip, and only while it waits; what cannot be met is refused."""
    expect = ("expect", "100-Continue")
    network = Network(round_trip_s=round_trip_s)
    with running_mirror(loop_factory, network) as running, Http2Wire(running.port) as wire:
        start = time.monotonic()
        stream = wire.request("/top250", expect, ends=False)
        wire.flush()
        wire.read_until(lambda: wire.streams[stream].informed)
        assert time.monotonic() - start >= round_trip_s
        wire.h2.send_data(stream, b"body", end_stream=True)
        assert wire.answer(stream).status == 200
        assert wire.streams[stream].informed == [100]
        assert wire.ask("/top250", expect).informed == []
        hasty = wire.request("/top250", expect, ends=False)
        wire.h2.send_data(hasty, b"body", end_stream=True)
        assert wire.answer(hasty).status == 200
        for ends in (True, False):
            assert wire.ask("/top250", ("expect", "more"), ends=ends).status == 417
            both = (("expect", "100-continue"), ("expect", "more"))
            assert wire.ask("/top250", *both, ends=ends).status == 417
        assert wire.ask().status == 200


@pytest.mark.parametrize(
    "headers",
    [
        [("x", "y" * 70_000)],
        [(f"x{n}", "y" * 100) for n in range(700)],
        [("x", "y" * 4000)] * 40,  # a few bytes each once it is in the table
    ],
)
def test_headers_beyond_64_kb_are_refused(wire, headers):
    """However they are packed (CVE-2016-6581)."""
    wire.request("/top250", *headers)
    wire.flush()
    wire.read_all()
    assert wire.goaway not in {None, ErrorCodes.NO_ERROR}


def test_headers_without_end_are_refused(wire):
    """Continued again and again (CVE-2024-24549)."""
    wire.send(frame(1, 0, 1, b"\x82"))
    for _ in range(200):
        wire.send(frame(9, 0, 1, b"\x00\x01a\x01b"))
    wire.read_all()
    assert wire.goaway not in {None, ErrorCodes.NO_ERROR}


@pytest.mark.parametrize(
    "data",
    [
        b"\x00" * 100,
        frame(0, 0, 1, b"data on a stream that is not open"),
        frame(0, 0, 0, b"data on no stream"),
        frame(1, 0x4, 2, b"\x82\x84\x87"),  # a stream of the server's
        frame(1, 0x4, 1, b"\xff" * 40),  # no HPACK
        frame(1, 0x4, 1, b"\x82\x82\x84\x87"),  # two methods
        frame(1, 0xC, 1, b"\xff"),  # padding beyond the frame
        frame(4, 0, 0, b"short"),
        frame(4, 0, 0, struct.pack(">HI", 4, 2**31)),  # a window that is too large
        frame(5, 0, 1, b"\x00\x00\x00\x02\x82"),  # a promise of the client's
        frame(8, 0, 0, b"\x7f\xff\xff\xff") * 2,  # a window that overflows
        frame(8, 0, 0, b"\x00\x00\x00\x00"),
        frame(9, 0, 1, b"\x82"),  # continues nothing
    ],
)
def test_broken_frames_end_the_connection_with_a_reason(mirror, data):
    """And count as refused, so that no crawl with one passes for a good one."""
    mirror.begin()
    with Http2Wire(mirror.port) as wire:
        wire.send(data)
        wire.read_all()
        assert wire.is_closed
        assert wire.goaway not in {None, ErrorCodes.NO_ERROR}
    counters = mirror.end()
    assert [name for name in counters.pages if name.startswith("(HTTP/2 refused with ")]


def test_failure_of_the_mirror_is_told_and_counted(mirror, monkeypatch):
    """As over HTTP/1.1, where it is a 500; only that connection ends."""

    def fail(target):
        raise KeyError(target)

    mirror.begin()
    with monkeypatch.context() as patch, Http2Wire(mirror.port) as wire:
        patch.setattr(mirror.mirror.responses, "find_page", fail)
        wire.request()
        wire.flush()
        assert_sent_away(wire, ErrorCodes.INTERNAL_ERROR)
    assert mirror.end().pages == {"(HTTP/2 refused with INTERNAL_ERROR)": 1}


def test_targets_that_are_too_long_are_refused_and_not_remembered(mirror, wire):
    """As over HTTP/1.1 (414)."""
    before = mirror.mirror.responses.find_page.cache_info().currsize
    for n in range(5):
        assert wire.ask(f"/{n}".ljust(MAX_TARGET_BYTES + 1, "x")).status == 414
    assert mirror.mirror.responses.find_page.cache_info().currsize == before
    assert wire.ask("/".ljust(MAX_TARGET_BYTES, "x")).status == 404


def test_frame_that_is_too_long_is_not_waited_for(wire):
    """It says 16 MB; the mirror does not gather them."""
    wire.send(b"\xff\xff\xff" + frame(0, 0, 1)[3:] + b"x" * (limits.MAX_UNREAD_BYTES + 1))
    assert_sent_away(wire, ErrorCodes.FRAME_SIZE_ERROR)


@pytest.mark.parametrize("what", ["head", "body", "nothing", "windows"])
def test_client_that_does_nothing_is_dropped(loop_factory, what):
    """Whatever it left half done."""
    with (
        running_mirror(loop_factory, Network(keep_alive_s=0.2)) as running,
        Http2Wire(running.port, window=100) as wire,
    ):
        if what == "head":
            wire.send(frame(1, 0, 1, b"\x82"))
        elif what == "body":
            wire.request(method="POST", ends=False)
        elif what == "windows":
            wire.request()
        wire.flush()
        wire.takes_in = False
        wire.flush = lambda: None
        start = time.monotonic()
        wire.read_all()
        assert 0.1 < time.monotonic() - start < 5
        assert running.end().in_flight == 0


def test_client_that_pings_while_its_windows_are_shut_is_dropped(loop_factory):
    """Nothing moves, whatever it says."""
    with (
        running_mirror(loop_factory, Network(keep_alive_s=0.3)) as running,
        Http2Wire(running.port, window=100) as wire,
    ):
        wire.takes_in = False
        wire.request()
        wire.flush()
        start = time.monotonic()
        wire.socket.settimeout(0.02)
        while not wire.is_closed and time.monotonic() - start < 5:
            wire.send(frame(6, 0, 0, b"12345678"))
            try:
                wire.read()
            except TimeoutError:
                continue
        assert wire.is_closed


def test_client_that_never_reads_does_not_make_the_mirror_grow(mirror):
    """Its windows are open, its socket is full: nothing more is gathered for it."""
    with Http2Wire(mirror.port, window=2**30) as wire:
        for _ in range(inbox.MAX_STREAMS - 28):
            wire.request()
        wire.flush()
        mirror.wait_until(lambda: mirror.mirror.counters.in_flight >= 10)
        time.sleep(0.1)
        connection = next(
            c for c in mirror.mirror.connections if isinstance(c, http2.Http2Connection)
        )
        assert mirror.call(connection._transport.get_write_buffer_size) < 2**19


def frames():
    """Return frames that are nearly right, among bytes that are not."""
    kinds = st.integers(0, 10)
    flags = st.sampled_from([0, 1, 4, 5, 8, 0x20, 0x2D, 255])
    streams = st.sampled_from([0, 1, 1, 3, 5, 2, 2**31 - 1, 2**32 - 1])
    heads = st.sampled_from([b"\x82\x84\x86\x41\x01x", b"\x82\x84\x86", b"\x83\x84\x86\x41\x01x"])
    bodies = st.one_of(heads, st.binary(max_size=40), st.just(b"\x00\x00\x00\x01"))
    whole = st.builds(frame, kinds, flags, streams, bodies)
    return st.lists(st.one_of(whole, whole, whole, st.binary(max_size=20)), max_size=12)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=frames(), greets=st.booleans())
def test_fuzzed_frames_raise_nothing_that_escapes(mirror, pieces, greets):
    """The fixture of the mirror fails if its loop saw an exception."""
    with Http2Wire(mirror.port, greets=False) as wire:
        wire.send(PREFACE + (SETTINGS if greets else b""))
        for piece in pieces:
            wire.send(piece)
        with contextlib.suppress(ConnectionError):  # it had enough of us
            wire.socket.shutdown(socket.SHUT_WR)
            while wire.socket.recv(65_536):
                pass


def test_networks_of_ours_speak_http_2_where_they_say_so():
    """Over TLS, as clients agree on it there."""
    assert {name for name, network in NETWORKS.items() if network.http2} == {
        name for name, network in NETWORKS.items() if network.tls
    }
