"""Bandwidth, connections and keep-alive, as clients meet them."""

from __future__ import annotations

import asyncio
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.mirror.wire import BODIES, GZIP, TRIES, request, running_mirror

from crawlbench.mirror.door import Entrance
from crawlbench.mirror.networks import Network
from crawlbench.mirror.shaping import Line, piece_bytes

PAGE_2 = "/top250?start=25&filter="
PAGE_BYTES = len(BODIES[PAGE_2])


def timed(function, *args):
    """Return a result and the seconds that it took."""
    clock = time.monotonic()
    result = function(*args)
    return result, time.monotonic() - clock


def test_line_carries_one_piece_after_the_other():
    """It starts when the piece is there and the line is free; an idle line saves nothing up."""
    line = Line(1000.0)
    assert line.carry(100, 5.0) == pytest.approx(5.1)
    assert line.carry(100, 5.0) == pytest.approx(5.2)
    assert line.carry(100, 9.0) == pytest.approx(9.1)


@pytest.mark.parametrize(
    ("bytes_per_s", "size"), [(1, 1), (1000, 1), (10_000, 1448), (2e6, 4000), (1e12, 65_536)]
)
def test_pieces_are_packets_or_two_milliseconds_of_the_line(bytes_per_s, size):
    """A line slower than a packet a second sends single bytes."""
    assert piece_bytes(bytes_per_s) == size


def test_connection_has_its_bandwidth(loop_factory):
    """Two at a time are as fast as one."""
    network = Network(connection_bytes_per_s=PAGE_BYTES / 0.4)
    slower = []
    with running_mirror(loop_factory, network) as running, ThreadPoolExecutor(2) as pool:
        while len(slower) < TRIES and (not slower or slower[-1] >= 0.8):
            asks = [pool.submit(timed, running.ask, PAGE_2) for _ in range(2)]
            answers, seconds = zip(*[ask.result() for ask in asks], strict=True)
            assert [answer.page for answer in answers] == [BODIES[PAGE_2]] * 2
            assert min(seconds) >= 0.4
            slower.append(max(seconds))
    assert min(slower) < 0.8, slower


def test_connections_share_the_whole_bandwidth(loop_factory):
    """Two at a time take twice as long, both of them."""
    network = Network(total_bytes_per_s=PAGE_BYTES / 0.1)
    with running_mirror(loop_factory, network) as running, ThreadPoolExecutor(2) as pool:
        asks = [pool.submit(timed, running.ask, PAGE_2) for _ in range(2)]
        seconds = sorted(ask.result()[1] for ask in asks)
        assert seconds[0] > 0.18


def test_bandwidth_comes_on_top_of_the_round_trip(loop_factory):
    """The first byte waits, the last waits longer."""
    network = Network(round_trip_s=0.05, connection_bytes_per_s=PAGE_BYTES / 0.1)
    with running_mirror(loop_factory, network) as running, running.open() as wire:
        answer, seconds = timed(wire.ask, PAGE_2)
        assert answer.page == BODIES[PAGE_2]
        assert seconds >= 0.15
        assert timed(wire.ask, "/none")[1] >= 0.05


def test_client_that_leaves_a_slow_answer_leaves_nothing(loop_factory):
    """No call of the clock, nothing in flight."""
    with running_mirror(loop_factory, Network(connection_bytes_per_s=1000)) as running:
        running.begin()
        with running.open() as wire:
            wire.send(request(PAGE_2))
            came = wire.socket.recv(100)
        counters = running.end()
        assert counters.requests == 1
        assert 0 < len(came) <= counters.wire_bytes < PAGE_BYTES  # what was sent of it counts


def test_span_without_the_network_has_its_full_speed(loop_factory):
    """As in warmups and when the ceiling is measured."""
    network = Network(connection_bytes_per_s=1000, keep_alive=False)
    with running_mirror(loop_factory, network) as running, running.open() as wire:
        running.call(lambda: running.mirror.begin("warmup", plays_network=False))
        for _ in range(3):
            assert timed(wire.ask, PAGE_2)[1] < 10


def test_connections_beyond_the_most_wait_until_one_closes(loop_factory):
    """Connected, as by a backlog, and not answered; nor counted."""
    with running_mirror(loop_factory, Network(most_connections=2)) as running:
        running.begin()
        first, second, third = running.open(), running.open(), running.open()
        with second, third:
            with first:
                assert first.ask().status == second.ask().status == 200
                third.send(request())
                time.sleep(0.1)
                third.socket.setblocking(False)
                with pytest.raises(BlockingIOError):
                    third.socket.recv(1)
                assert running.mirror.counters.connections == 2
            third.socket.settimeout(10)
            assert third.read().status == 200
            assert running.mirror.counters.connections == 3


def test_most_connections_may_come_and_go(loop_factory):
    """Each that leaves makes room, whatever it did."""
    with running_mirror(loop_factory, Network(most_connections=1)) as running:
        running.begin()
        for sent in (b"", b"garbage\r\n\r\n", request()[:10], request()) * 5:
            with running.open() as wire:
                wire.send(sent)
        assert running.ask().status == 200
        running.end()


def test_without_keep_alive_each_answer_ends_its_connection(loop_factory):
    """And says so."""
    with running_mirror(loop_factory, Network(keep_alive=False)) as running, running.open() as wire:
        answer = wire.ask(PAGE_2, GZIP)
        assert (answer.page, answer.headers["Connection"]) == (BODIES[PAGE_2], "close")
        assert "Keep-Alive" not in answer.headers
        assert wire.is_closed()


def test_connection_ends_after_its_requests(loop_factory):
    """Pipelined or not; a request beyond is not answered."""
    with running_mirror(loop_factory, Network(keep_alive_requests=3)) as running:
        for _ in range(2):
            with running.open() as wire:
                wire.send(request() * 4)
                headers = [wire.read().headers["Connection"] for _ in range(3)]
                assert headers == ["keep-alive", "keep-alive", "close"]
                assert wire.is_closed()


def test_known_request_after_the_last_is_ignored_too(loop_factory):
    """It comes before the answer that says that there are no more."""
    with running_mirror(loop_factory, Network(round_trip_s=0.05, keep_alive_requests=2)) as running:
        running.ask()
        with running.open() as wire:
            running.begin()
            for _ in range(5):  # each in a packet of its own
                wire.send(request())
                time.sleep(0.002)
            assert [wire.read().headers["Connection"] for _ in range(2)] == ["keep-alive", "close"]
            assert wire.is_closed()
        assert running.end().requests == 2


@pytest.mark.parametrize("network", [{"keep_alive_requests": 3}, {"keep_alive": False}])
@pytest.mark.parametrize("round_trip_s", [0.0, 0.01])
def test_requests_beyond_the_last_destroy_no_answer(loop_factory, network, round_trip_s):
    """A socket that is closed while its client still sends is reset, and answers are lost."""
    network = Network(round_trip_s=round_trip_s, **network)
    due = network.keep_alive_requests or 1
    with running_mirror(loop_factory, network) as running:
        running.begin()
        with running.open() as wire:
            wire.send(request() * due)
            running.wait_until(lambda: running.mirror.counters.requests == due)
            running.wait_until(lambda: not running.mirror.counters.in_flight)
            for _ in range(8):  # each in a packet of its own, to a mirror that listens no more
                wire.send(request())
            assert [wire.read().page for _ in range(due)] == [BODIES["/top250"]] * due
            assert wire.is_closed()
        assert running.end().requests == due


def test_idle_time_is_what_the_header_promises(loop_factory):
    """In whole seconds."""
    with running_mirror(loop_factory, Network(keep_alive_s=7)) as running:
        assert running.ask().headers["Keep-Alive"] == "timeout=7"


def test_most_connections_hold_on_every_address(loop_factory):
    """Who leaves one address makes no room beyond the most on another."""
    with running_mirror(loop_factory, Network(most_connections=1)) as running:
        opening = Entrance(running.mirror, None, "127.0.1.1").open_main(running.port)
        asyncio.run_coroutine_threadsafe(opening, running._loop).result(10)
        for _ in range(3):
            assert running.ask().status == 200
        running.wait_until(lambda: not running.mirror.connections)
        address = ("127.0.1.1", running.port)
        with socket.create_connection(address) as one, socket.create_connection(address) as two:
            one.sendall(request())
            assert one.recv(9) == b"HTTP/1.1 "
            two.sendall(request())
            time.sleep(0.1)
            two.setblocking(False)
            with pytest.raises(BlockingIOError):
                two.recv(1)
            one.close()
            two.settimeout(30)
            assert two.recv(9) == b"HTTP/1.1 "
