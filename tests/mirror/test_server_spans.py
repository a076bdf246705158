"""What a mirror counts, when its answers come, and in which order."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest
from tests.mirror.wire import BODIES, GZIP, make_responses, request, running_mirror

from crawlbench.base import counters as counting
from crawlbench.mirror import choices, connection, server
from crawlbench.mirror.networks import NETWORKS, Network
from crawlbench.mirror.server import Mirror

PAGE_2 = "/top250?start=25&filter="
TICK_S = 0.0002
"""The client's clock is read a little after the mirror's."""


def far(seconds, **parameters):
    """Return a network without jitter."""
    return Network(round_trip_s=seconds, **parameters)


def test_requests_are_counted_by_page(mirror):
    """Spellings of a page count as the page, other targets as themselves."""
    mirror.begin()
    with mirror.open() as wire, mirror.open() as other:
        for target in ("/top250", "/top250?start=0", "/none", "/top250/", PAGE_2):
            wire.ask(target)
        other.ask("http://host/top250?filter=&start=0", method="HEAD")
        other.ask(PAGE_2, method="POST")
    counters = mirror.end()
    assert counters.pages == {"/top250": 3, "/none": 1, "/top250/": 1, PAGE_2: 2}
    assert (counters.requests, counters.connections) == (7, 2)


@pytest.mark.parametrize("is_watched", [False, True])
def test_connection_that_one_crawl_leaves_to_the_next_is_counted(mirror, is_watched):
    """Once for each later crawl, however it is answered; one that a crawl has to itself is not."""
    mirror.mirror.on_exchange = (lambda _: None) if is_watched else None
    try:
        mirror.begin()
        with mirror.open() as wire, mirror.open() as other:
            for page in ("/top250", PAGE_2):
                wire.ask(page)
            assert mirror.mirror.counters.carried == 0
            for page in ("/top250", PAGE_2):
                other.ask(page)
            assert mirror.mirror.counters.carried == 0
            for one in (wire, other):
                one.ask("/top250")
                one.ask(PAGE_2)
        assert mirror.end().carried == 2
    finally:
        mirror.mirror.on_exchange = None


def test_requests_are_noted_where_answers_are_not_sent_at_once(mirror):
    """With the moment at which each came, on the clock that workers read."""
    before = time.perf_counter()
    mirror.call(lambda: mirror.mirror.begin("test", alters=True))
    for page in (PAGE_2, "/none", PAGE_2):
        mirror.ask(page)
    asked = mirror.end().asked
    assert [page for page, _ in asked] == [PAGE_2, "/none", PAGE_2]
    moments = [before - TICK_S, *(at for _, at in asked), time.perf_counter() + TICK_S]
    assert moments == sorted(moments)
    mirror.begin()
    mirror.ask()
    assert mirror.end().asked is None


def test_bytes_on_the_wire_are_counted_with_their_heads(mirror):
    """All that the client reads, and nothing else."""
    mirror.begin()
    with mirror.open() as wire:
        wire.send(request("/top250", GZIP) + request("/none") + request("/", "Connection: close"))
        read = b"".join(iter(lambda: wire.socket.recv(65_536), b""))
    assert mirror.end().wire_bytes == len(read)


def test_addresses_that_are_no_pages_are_not_kept_without_end(mirror):
    """Beyond a thousand they count together, long ones are cut; pages always count as such."""
    mirror.begin()
    with mirror.open() as wire:
        for n in range(counting.MAX_STRANGERS + 50):
            wire.send(request(f"/{n:05}" + "x" * 300))
            assert wire.read().status == 404
        wire.ask(PAGE_2)
    counters = mirror.end()
    assert counters.requests == counting.MAX_STRANGERS + 51
    assert len(counters.pages) == counting.MAX_STRANGERS + 2
    assert (counters.pages["(others)"], counters.pages[PAGE_2]) == (50, 1)
    assert max(map(len, counters.pages)) == choices.MAX_ADDRESS_BYTES


def test_most_in_flight_is_what_waited_at_once(loop_factory):
    """Five clients that wait together are five in flight, five one after the other are one."""
    with running_mirror(loop_factory, far(60.0)) as running, contextlib.ExitStack() as stack:
        running.begin()
        for _ in range(5):
            stack.enter_context(running.open()).send(request())
        running.wait_until(lambda: running.mirror.counters.in_flight == 5)
        assert running.call(running.mirror.end).most_in_flight == 5
    with running_mirror(loop_factory, far(0.005)) as running:
        running.begin()
        for _ in range(5):
            assert running.ask().status == 200
        assert running.end().most_in_flight == 1


def test_client_that_leaves_while_its_answer_waits_is_in_flight_no_more(loop_factory):
    """Long before the answer would have been due."""
    with running_mirror(loop_factory, far(60.0)) as running:
        running.begin()
        with running.open() as wire:
            wire.send(request() * 3)
            running.wait_until(lambda: running.mirror.counters.in_flight == 3)
        counters = running.end()
        assert (counters.requests, counters.most_in_flight, counters.wire_bytes) == (3, 3, 0)


def test_spans_do_not_mix(loop_factory):
    """An answer that is due in the next span belongs to the one in which its request came."""
    with running_mirror(loop_factory, far(0.1)) as running:
        running.begin("first")
        first = running.mirror.counters
        with running.open() as wire:
            wire.send(request("/top250", GZIP))
            running.wait_until(lambda: first.requests == 1)
            running.begin("second")
            wire.read()
            wire.ask(PAGE_2, GZIP)
        second = running.end()
        assert (first.requests, first.connections, first.in_flight) == (1, 1, 0)
        assert (second.requests, second.connections, second.most_in_flight) == (1, 0, 1)
        assert second.pages == {PAGE_2: 1}
        assert first.wire_bytes > 10_000
        assert second.wire_bytes > 10_000


def test_connection_of_an_earlier_span_is_kept(either_mirror):
    """It counts once however much it brings, and one that brings nothing is not used."""
    spans = []

    def begin():
        either_mirror.begin()
        spans.append(either_mirror.mirror.counters)

    begin()
    with either_mirror.open() as wire, either_mirror.open() as idle:
        wire.ask("/top250")
        begin()
        with either_mirror.open() as new:
            for target in ("/top250", PAGE_2, "/none"):
                wire.ask(target)
            new.ask("/top250")
            new.ask(PAGE_2)
        begin()
        idle.ask("/top250")
    assert [(span.used, span.kept) for span in spans] == [(1, 0), (1, 1), (0, 1)]


def test_cpu_time_is_of_the_span(mirror):
    """It starts anew at each begin and only grows until the next."""
    mirror.begin()
    for _ in range(20):
        mirror.ask()
    first = mirror.call(mirror.mirror.end).cpu_s
    assert mirror.call(mirror.mirror.end).cpu_s >= first > 0
    mirror.begin()
    assert 0 <= mirror.call(mirror.mirror.end).cpu_s < first


def test_delay_depends_on_seed_epoch_page_and_count_alone():
    """The same four give the same delay in any mirror; another of any gives another."""

    def delay_s(seed=1, epoch="lap 1", page="/top250", before=0, connection_age_s=None):
        mirror = Mirror(make_responses(), NETWORKS["wan"], seed)
        mirror.begin(epoch)
        return mirror.delay_s(page, before, connection_age_s=connection_age_s)

    assert delay_s() == delay_s()
    assert delay_s(connection_age_s=0.0) == delay_s(connection_age_s=0.0)
    changes = ({"seed": 2}, {"epoch": "lap 2"}, {"page": PAGE_2}, {"before": 1})
    delays = {delay_s(), *(delay_s(**change) for change in changes)}
    assert len(delays) == 5
    assert all(0.02 < delay < 0.08 for delay in delays)


def test_first_request_of_a_connection_waits_a_round_trip_more():
    """The part that every request waits is the same, new connection or not."""
    mirror = Mirror(make_responses(), NETWORKS["wan"], 1)
    kept, new = (mirror.delay_s("/top250", 0, connection_age_s=age) for age in (None, 0.0))
    assert 0.02 < new - kept < 0.08


def test_answers_do_not_come_before_their_time(loop_factory):
    """Two round trips from the connection on for the first, one for the next."""
    with running_mirror(loop_factory, far(0.05, connect_round_trips=1)) as running:
        for _ in range(2):
            clock = time.monotonic()
            with running.open() as wire:
                for least_s in (0.1, 0.05, 0.05):
                    assert wire.ask().status == 200
                    assert time.monotonic() - clock >= least_s - TICK_S
                    clock = time.monotonic()


def test_span_may_do_without_the_network(loop_factory):
    """Until the next one, which waits again."""
    with running_mirror(loop_factory, far(60.0)) as running, running.open() as wire:
        running.call(lambda: running.mirror.begin("ceiling", plays_network=False))
        assert wire.ask().status == 200
        running.begin("lap")
        wire.send(request())
        running.wait_until(lambda: running.mirror.counters.in_flight == 1)


def test_delays_run_side_by_side(loop_factory):
    """Twenty pipelined requests wait together, not one after the other."""
    with running_mirror(loop_factory, far(0.5)) as running, running.open() as wire:
        clock = time.monotonic()
        wire.send(request("/top250", GZIP) * 20)
        assert [wire.read().status for _ in range(20)] == [200] * 20
        assert 0.5 - TICK_S <= time.monotonic() - clock < 5


def test_pipelined_answers_come_in_order(either_mirror):
    """Pages, errors and bare heads, more than may wait, in many reads, also if due out of order."""
    kinds = [(address, "GET", 200) for address in BODIES]
    kinds += [("/none", "GET", 404), (PAGE_2, "HEAD", 200), ("/top250/", "GET", 301)]
    asked = kinds * 40
    assert len(asked) > 8 * connection.MAX_WAITING
    padding = "X: " + "x" * 1500  # so that one read does not hold them all
    either_mirror.begin("in order")
    with either_mirror.open() as wire:
        wire.send(*(request(target, GZIP, padding, method=method) for target, method, _ in asked))
        for target, method, status in asked:
            answer = wire.read(method)
            assert answer.status == status
            if status == 200 and method == "GET":
                assert answer.page == BODIES[target]
    counters = either_mirror.end()
    assert counters.requests == len(asked)
    assert max(counters.pages.values()) == 80


def test_last_answer_of_a_connection_waits_too(shaky_mirror):
    """Upgrade, close and 1.0 end the connection after the answer, not before."""
    for last in (
        request(PAGE_2, "Connection: close"),
        request(PAGE_2, "Upgrade: h2c", "Connection: Upgrade") + b"PRI * HTTP/2.0\r\n\r\n",
        request(PAGE_2, version="1.0"),
    ):
        with shaky_mirror.open() as wire:
            wire.send(request() + last + request("/none"))
            assert wire.read().page == BODIES["/top250"]
            assert wire.read().page == BODIES[PAGE_2]
            assert wire.is_closed()


def test_idle_connection_is_closed(loop_factory):
    """Whether it was ever used or not."""
    with running_mirror(loop_factory, Network(keep_alive_s=0.1)) as running:
        with running.open() as unused, running.open() as used:
            assert used.ask().status == 200
            assert unused.is_closed()
            assert used.is_closed()
        running.end()


def test_connection_that_waits_for_an_answer_is_not_idle(loop_factory):
    """A network may be slower than the idle time."""
    slow = far(0.4, keep_alive_s=0.1)
    with running_mirror(loop_factory, slow) as running, running.open() as wire:
        wire.send(request())
        assert wire.read().status == 200
        assert wire.is_closed()


def test_connection_is_not_closed_before_its_time(loop_factory, monkeypatch):
    """Sweeping often closes nothing that is in use."""
    monkeypatch.setattr(server, "SWEEP_S", 0.001)
    with running_mirror(loop_factory, NETWORKS["loopback"]) as running, running.open() as wire:
        for _ in range(5):
            assert wire.ask().status == 200
            time.sleep(0.01)


@pytest.mark.parametrize("round_trip_s", [0.0, 0.01])
def test_client_that_never_reads_is_dropped(loop_factory, round_trip_s):
    """Its answers are forgotten and nothing of it stays in flight."""
    with running_mirror(loop_factory, far(round_trip_s, keep_alive_s=0.3)) as running:
        running.begin()
        with running.open() as wire:
            wire.send(request() * 300)
            running.wait_until(lambda: running.mirror.counters.requests == 300)
            assert running.end().wire_bytes < 300 * len(BODIES["/top250"])


def test_mirror_listens_on_a_free_port_of_loopback(mirror, shaky_mirror):
    """Nobody else on the network can reach it, and two mirrors do not collide."""
    ports = set()
    for running in (mirror, shaky_mirror):
        (server,) = running.mirror.doors.main.listeners
        (listener,) = server.sockets
        assert listener.family == socket.AF_INET
        assert listener.getsockname() == ("127.0.0.1", running.port)
        ports.add(running.port)
    assert len(ports) == 2


@pytest.mark.parametrize(
    "network", [name for name, n in NETWORKS.items() if not (n.faults or n.tls)]
)
def test_named_networks_deliver_a_right_crawl(loop_factory, network):
    """The ten pages over each network that a session can name."""
    with running_mirror(loop_factory, NETWORKS[network]) as running, running.open() as wire:
        wire.send(*(request(address, GZIP) for address in BODIES))
        assert {address: wire.read().page for address in BODIES} == BODIES
