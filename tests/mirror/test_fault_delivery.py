"""Faults that spoil the delivery of the right answer, as they come over the wire."""

from __future__ import annotations

import contextlib
import time

import pytest
from tests.mirror.test_faults import faulty
from tests.mirror.wire import BODIES, request, running_mirror

from crawlbench.mirror.networks import Fault, Network

PAGE_2 = "/top250?start=25&filter="
PAGE = BODIES[PAGE_2]


def raw(kind, loop_factory, *headers):
    """Return all bytes that come for the faulty page, and how the connection ended."""
    with faulty(kind, loop_factory) as running, running.open() as wire:
        wire.send(request(PAGE_2, *headers))
        data = b""
        try:
            while piece := wire.socket.recv(65_536):
                data += piece
        except ConnectionResetError:
            return data, "reset"
        return data, "closed"


def test_reset_comes_before_a_byte(loop_factory):
    """RST, not FIN."""
    assert raw("reset", loop_factory) == (b"", "reset")


def test_reset_in_the_body_comes_after_half_of_it(loop_factory):
    """What came before is right."""
    data, end = raw("reset-in-body", loop_factory)
    body = data.partition(b"\r\n\r\n")[2]
    assert end == "reset"
    assert len(PAGE) // 2 < len(body) < len(PAGE) * 2 // 3


def test_body_ends_short_of_its_length(loop_factory):
    """The connection is closed as it should be, half of the promised bytes having come."""
    data, end = raw("short-body", loop_factory)
    head, _, body = data.partition(b"\r\n\r\n")
    assert end == "closed"
    assert f"Content-Length: {len(PAGE)}".encode() in head
    assert b"Transfer-Encoding" not in head
    assert PAGE.startswith(body)
    assert len(body) == pytest.approx(len(PAGE) / 2, rel=0.01)


def test_bad_chunk_follows_a_good_one(loop_factory):
    """Where a size should be is none."""
    data, end = raw("bad-chunk", loop_factory)
    body = data.partition(b"\r\n\r\n")[2]
    assert (body[:6], body[-9:], end) == (b"2000\r\n", b"no size\r\n", "closed")


def test_stall_keeps_the_connection_and_no_cpu(loop_factory):
    """Half comes, then nothing; the idle time does not end it, the mirror's end does."""
    network = Network(keep_alive_s=0.1, faults=(Fault("stall"),))
    with running_mirror(loop_factory, network) as running:
        running.begin()
        wire = running.open()
        wire.send(request(PAGE_2))
        data, quiet = b"", 0
        wire.socket.settimeout(0.25)
        while quiet < 2:
            try:
                data += wire.socket.recv(65_536)
            except TimeoutError:
                quiet += 1
        assert len(PAGE) // 2 < len(data) < len(PAGE)
        assert running.mirror.counters.in_flight == 1
        counters = running.call(running.mirror.end)
        assert counters.wire_bytes == len(data)
        cpu_s = counters.cpu_s
        time.sleep(0.3)
        assert running.call(running.mirror.end).cpu_s - cpu_s < 0.1
        wire.socket.settimeout(10)
    with wire:
        assert wire.is_closed()


def test_client_that_leaves_a_stall_leaves_nothing(loop_factory):
    """Neither a connection nor a request in flight."""
    with running_mirror(loop_factory, Network(faults=(Fault("stall"),))) as running:
        running.begin()
        with running.open() as wire:
            wire.send(request(PAGE_2))
            assert wire.socket.recv(10)
        assert running.end().faults == {"stall": 1}


def test_stall_stays_one_when_the_client_reads_late(loop_factory):
    """What it has not taken yet may come; nothing is sent again."""
    with running_mirror(loop_factory, Network(faults=(Fault("stall"),))) as running:
        with running.open() as wire:
            wire.send(request(PAGE_2))
            running.wait_until(lambda: any(c._outbox for c in running.mirror.connections))
            (connection,) = running.mirror.connections
            running.call(connection.pause_writing)
            running.call(connection.resume_writing)
            wire.socket.settimeout(0.2)
            data = b""
            with contextlib.suppress(TimeoutError):
                while piece := wire.socket.recv(65_536):
                    data += piece
            assert data.count(b"HTTP/1.1 200") == 1
        running.end()


def test_one_byte_comes_a_second(loop_factory):
    """The first after a second, and so on; a client that leaves ends it.

    On a busy machine they come late, but never together.
    """
    network = Network(faults=(Fault("one-byte-a-second"),), keep_alive_s=0.2)
    with running_mirror(loop_factory, network) as running:
        running.begin()
        with running.open() as wire:
            clock = time.monotonic()
            wire.send(request(PAGE_2))
            for seconds, byte in ((1, b"H"), (2, b"T")):
                assert wire.socket.recv(10) == byte
                assert seconds <= time.monotonic() - clock
        running.end()
