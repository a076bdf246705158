"""What a mirror answers over HTTP/2, to a bare client and to those that people use."""

from __future__ import annotations

import asyncio
import ssl
import time
from itertools import pairwise

import httpx
import pytest
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes
from hyperframe.frame import GoAwayFrame
from tests.mirror.h2wire import Http2Wire
from tests.mirror.wire import BODIES, GZIP, PATIENCE_S, TRIES, request, running_mirror

from crawlbench.mirror.inbox import PREFACE
from crawlbench.mirror.limits import MAX_CHATTER
from crawlbench.mirror.networks import NETWORKS, Fault, Network

PAGE_2 = "/top250?start=25&filter="
ACCEPTS_GZIP = ("accept-encoding", "gzip")
TICK_S = 0.002


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory, loop_factory):
    """Return where the authority of the mirror over TLS goes."""
    return tmp_path_factory.mktemp("tls") / "ca.pem"


@pytest.fixture(scope="module")
def tls_mirror(loop_factory, ca_file):
    """Serve over TLS, both versions."""
    with running_mirror(loop_factory, NETWORKS["loopback-tls"], ca_file=ca_file) as running:
        yield running


@pytest.fixture
def trust(tls_mirror, ca_file):
    """Return a new context that trusts the mirror."""
    return ssl.create_default_context(cafile=ca_file)


@pytest.fixture
def h2wire(mirror):
    """Return a connection by prior knowledge."""
    with Http2Wire(mirror.port) as wire:
        yield wire


def faulty(kind, **options):
    """Return a network on which that befalls every request."""
    return Network(faults=(Fault(kind, **options),))


@pytest.mark.parametrize("headers", [(), (ACCEPTS_GZIP,)])
def test_pages_come_byte_for_byte_on_streams_of_one_connection(h2wire, headers):
    """All are asked for at once, gzipped for those who accept it."""
    streams = {page: h2wire.request(page, *headers) for page in BODIES}
    assert {page: h2wire.answer(stream).page for page, stream in streams.items()} == BODIES
    coded = {stream.headers.get("content-encoding") for stream in h2wire.streams.values()}
    assert coded == ({"gzip"} if headers else {None})


def test_headers_of_the_connection_do_not_exist(h2wire):
    """As HTTP/2 forbids them; those of the page are there, in lower case."""
    headers = h2wire.ask().headers
    assert not {"connection", "keep-alive", "transfer-encoding", "content-length"} & set(headers)
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert all(name == name.lower() for name in headers)


def test_only_a_client_without_bid_is_given_one(h2wire):
    """Cookies may come as several headers."""
    assert "set-cookie" in h2wire.ask().headers
    assert "set-cookie" in h2wire.ask("/top250", ("cookie", "forbid=1")).headers
    crumbs = (("cookie", "ll=1"), ("cookie", "bid=abc"))
    assert "set-cookie" not in h2wire.ask("/top250", *crumbs).headers


def test_what_is_no_page_is_answered_as_over_http_1(h2wire):
    """404, 301 and 405, with their headers; HEAD has no body."""
    assert h2wire.ask("/none").status == 404
    moved = h2wire.ask("/top250/")
    assert (moved.status, moved.headers["location"]) == (301, "/top250")
    refused = h2wire.ask(method="POST")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
    head = h2wire.ask(method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert h2wire.ask("/" + "x" * 9000).status == 414
    unmatched = h2wire.ask("/top250", ("if-match", '"x"'))
    assert (unmatched.status, b"no page has an entity tag" in unmatched.body) == (412, True)
    assert h2wire.ask("/top250", ("if-match", "*")).page == BODIES["/top250"]
    kept = h2wire.ask("/top250", ("if-none-match", "*"))
    assert (kept.status, kept.body, "content-length" in kept.headers) == (304, b"", False)
    assert h2wire.ask("/top250", ("if-none-match", '"x"')).page == BODIES["/top250"]


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "[::1]:80", "a.b", "a_b."])
def test_host_with_or_without_a_port_is_served(h2wire, host):
    """As over HTTP/1.1."""
    assert h2wire.ask(host=host).page == BODIES["/top250"]


@pytest.mark.parametrize("host", ["a..b", "a/b", "me@a", "a:http"])
def test_host_that_is_none_is_refused_and_the_connection_goes_on(mirror, host):
    """Such a request is malformed, which is an error of its stream (RFC 9113, 8.1.1)."""
    mirror.begin()
    with Http2Wire(mirror.port) as wire:
        assert wire.ask(host=host).reset == ErrorCodes.PROTOCOL_ERROR
        assert wire.ask().page == BODIES["/top250"]
    assert mirror.end().pages == {"(refused with 400)": 1, "/top250": 1}


def test_counters_tell_the_version_and_the_bytes(mirror):
    """Spellings count as the page; all bytes that came were counted."""
    mirror.begin()
    with Http2Wire(mirror.port) as wire:
        for target in ("/top250", "/top250?start=0", "/none", PAGE_2):
            wire.ask(target)
    with mirror.open() as plain:
        plain.ask()
    counters = mirror.end()
    assert counters.pages == {"/top250": 3, "/none": 1, PAGE_2: 1}
    assert (counters.requests, counters.http2_requests) == (5, 4)
    assert (counters.connections, counters.tls_connections) == (2, 0)
    assert counters.wire_bytes > sum(map(len, (BODIES["/top250"], BODIES[PAGE_2])))


def test_connection_that_one_crawl_leaves_to_the_next_is_counted(mirror):
    """As over HTTP/1.1."""
    mirror.begin()
    for _ in range(2):
        with Http2Wire(mirror.port) as wire:
            for target in ("/top250", PAGE_2):
                wire.ask(target)
    assert mirror.mirror.counters.carried == 0
    with Http2Wire(mirror.port) as wire:
        for _ in range(2):
            for target in ("/top250", PAGE_2):
                wire.ask(target)
    assert mirror.end().carried == 1


def test_connection_of_an_earlier_span_is_kept(mirror):
    """As over HTTP/1.1."""
    mirror.begin()
    before = mirror.mirror.counters
    with Http2Wire(mirror.port) as wire:
        wire.ask("/top250")
        mirror.begin()
        wire.ask("/top250")
        wire.ask(PAGE_2)
    counters = mirror.end()
    assert (before.used, before.kept) == (1, 0)
    assert (counters.used, counters.kept) == (0, 1)


@pytest.mark.parametrize("at", range(1, len(PREFACE)))
def test_preface_may_come_in_two_pieces(mirror, at):
    """Wherever it is cut."""
    with Http2Wire(mirror.port, greets=False) as wire:
        wire.h2.initiate_connection()
        stream = wire.request()
        data = wire.h2.data_to_send()
        wire.send(data[:at])
        time.sleep(0.002)
        wire.send(data[at:])
        assert wire.answer(stream).page == BODIES["/top250"]


def test_http_1_client_is_not_disturbed(mirror):
    """The next connection speaks what it likes."""
    with Http2Wire(mirror.port) as wire, mirror.open() as plain:
        assert wire.ask().status == plain.ask("/top250", GZIP).status == 200


def test_preface_after_a_request_is_none(mirror):
    """It is then no HTTP/1.1, and refused as such."""
    with mirror.open() as plain:
        plain.send(request() + PREFACE)
        assert [plain.read().status, plain.read().status] == [200, 400]


@pytest.mark.parametrize("count", [1, 3])
def test_preface_after_a_known_request_is_none_either(mirror, count):
    """In a packet of its own, after answers that went past all queues."""
    with mirror.open() as plain:
        for _ in range(count):
            plain.send(request())
            assert plain.read().status == 200
        plain.send(PREFACE)
        assert plain.read().status == 400


def test_small_windows_hold_answers_back_until_they_open(mirror):
    """The mirror sends what it may and goes on with other streams."""
    with Http2Wire(mirror.port, window=1000) as wire:
        wire.takes_in = False
        first, second = wire.request(), wire.request(PAGE_2)
        wire.flush()
        wire.read_until(lambda: all(len(wire.streams[s].body) == 1000 for s in (first, second)))
        assert not wire.streams[first].is_over
        wire.h2.increment_flow_control_window(2**20)
        wire.h2.increment_flow_control_window(2**20, second)
        assert wire.answer(second).page == BODIES[PAGE_2]
        assert len(wire.streams[first].body) == 1000
        wire.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 2**20})
        assert wire.answer(first).page == BODIES["/top250"]


def test_connection_window_is_shared(mirror):
    """65,535 bytes in all, until the client takes in what came."""
    with Http2Wire(mirror.port, window=65_535) as wire:
        wire.takes_in = False
        streams = [wire.request() for _ in range(3)]
        wire.flush()
        wire.read_until(lambda: sum(len(wire.streams[s].body) for s in streams) == 65_535)
        wire.h2.increment_flow_control_window(2**20)
        for stream in streams:
            wire.h2.increment_flow_control_window(2**20, stream)
        assert all(wire.answer(stream).page == BODIES["/top250"] for stream in streams)


def test_answers_wait_as_the_network_says_and_overtake(loop_factory):
    """Each stream has its own delay; together they take as long as the longest."""
    network = Network(round_trip_s=0.05, jitter=0.5)
    with running_mirror(loop_factory, network) as running, Http2Wire(running.port) as wire:
        running.begin("lap")
        due = {page: network.delay_s(f"1/lap/{page}/0", connection_age_s=None) for page in BODIES}
        came, start = {}, time.monotonic()
        streams = {wire.request(page): page for page in BODIES}
        wire.flush()
        while len(came) < len(BODIES) and wire.read():
            for stream, page in streams.items():
                if wire.streams[stream].is_over:
                    came.setdefault(page, time.monotonic() - start)
    assert all(came[page] >= due[page] - TICK_S for page in BODIES)
    assert max(came.values()) < sum(due.values()) / 2
    apart = [(a, b) for a, b in pairwise(sorted(BODIES, key=due.get)) if due[b] > due[a] + 0.02]
    assert all(came[a] < came[b] for a, b in apart)


def test_requests_of_a_new_connection_all_wait_until_it_is_made(loop_factory):
    """Two round trips from the start for all that are sent at once, one for later ones."""
    network = Network(round_trip_s=0.05, connect_round_trips=1)
    with running_mirror(loop_factory, network) as running:
        start = time.monotonic()
        with Http2Wire(running.port) as wire:
            streams = [wire.request(page) for page in list(BODIES)[:3]]
            for stream in streams:
                wire.answer(stream)
                assert time.monotonic() - start >= 0.1 - TICK_S
            later = []
            while len(later) < TRIES and (not later or later[-1] >= 0.1):
                again = time.monotonic()
                wire.ask()
                later.append(time.monotonic() - again)
            assert 0.05 - TICK_S <= min(later) < 0.1, later


def test_bandwidth_holds_over_all_streams(loop_factory):
    """Two pages of 67 KB over 500 KB/s take a quarter of a second and more."""
    network = Network(connection_bytes_per_s=500_000)
    took, due = [], 0.0
    with running_mirror(loop_factory, network) as running, Http2Wire(running.port) as wire:
        while len(took) < TRIES and (not took or took[-1] >= 2 * due):
            start = time.monotonic()
            streams = [wire.request(page) for page in ("/top250", PAGE_2)]
            due = sum(len(wire.answer(stream).body) for stream in streams) / 500_000
            took.append(time.monotonic() - start)
    assert due < min(took) < 2 * due, took


@pytest.mark.parametrize("kind", ["403", "429", "503", "block-page", "lying-coding", "big-page"])
def test_faults_that_change_the_answer_are_those_of_http_1(loop_factory, kind):
    """Same status, same body, same headers but for the connection's."""
    with running_mirror(loop_factory, faulty(kind)) as running, Http2Wire(running.port) as wire:
        bare, whole = running.ask(), wire.ask()
        assert (whole.status, whole.body) == (bare.status, bare.body)
        assert whole.headers.get("retry-after") == bare.headers.get("Retry-After")


def test_reset_befalls_the_stream_and_not_the_connection(loop_factory):
    """Before the head, or within the body; the next request is served."""
    faults = (Fault("reset", times=1), Fault("reset-in-body", times=2))
    network = Network(faults=faults)
    with running_mirror(loop_factory, network) as running, Http2Wire(running.port) as wire:
        before, within, after = wire.ask(), wire.ask(), wire.ask()
        assert (before.headers, before.reset) == ({}, ErrorCodes.INTERNAL_ERROR)
        assert (within.status, within.reset) == (200, ErrorCodes.INTERNAL_ERROR)
        assert 0 < len(within.body) < len(BODIES["/top250"])
        assert after.page == BODIES["/top250"]


def test_short_body_breaks_the_promise_of_its_length(loop_factory):
    """Which a client that looks at it calls an error."""
    with (
        running_mirror(loop_factory, faulty("short-body")) as running,
        Http2Wire(running.port) as wire,
        pytest.raises(ProtocolError),
    ):
        wire.ask()


def test_bad_chunk_is_a_frame_that_ends_the_connection(loop_factory):
    """Data on no stream."""
    with (
        running_mirror(loop_factory, faulty("bad-chunk")) as running,
        Http2Wire(running.port) as wire,
        pytest.raises(ProtocolError),
    ):
        wire.ask()


def test_stall_befalls_the_stream_alone(loop_factory):
    """Half a page comes and never the rest, while others come whole."""
    network = Network(faults=(Fault("stall", page="/top250"),))
    with running_mirror(loop_factory, network) as running, Http2Wire(running.port) as wire:
        stalled = wire.request()
        assert wire.ask(PAGE_2).page == BODIES[PAGE_2]
        wire.read_until(lambda: wire.streams[stalled].body)
        assert not wire.streams[stalled].is_over
        assert running.mirror.counters.in_flight == 1


def test_one_byte_a_second_does_not_slow_the_others(loop_factory):
    """They have streams of their own."""
    network = Network(faults=(Fault("one-byte-a-second", page="/top250"),))
    with running_mirror(loop_factory, network) as running, Http2Wire(running.port) as wire:
        slow, start = wire.request(), time.monotonic()
        assert wire.ask(PAGE_2).page == BODIES[PAGE_2]
        assert not wire.streams[slow].is_over
        wire.read_until(lambda: len(wire.streams[slow].body) == 2)
        assert time.monotonic() - start > 1.9


@pytest.mark.parametrize("limit", [{"keep_alive": False}, {"keep_alive_requests": 1}])
def test_connection_that_may_serve_no_more_says_so(loop_factory, limit):
    """GOAWAY in the end; a request that came before it is refused, so that it may come again."""
    with running_mirror(loop_factory, Network(**limit)) as running, Http2Wire(running.port) as wire:
        first, second = wire.request(), wire.request(PAGE_2)
        assert wire.answer(first).page == BODIES["/top250"]
        wire.read_all()
        assert wire.goaway == ErrorCodes.NO_ERROR
        assert wire.streams[second].reset == ErrorCodes.REFUSED_STREAM
        assert running.end().requests == 1


GOODBYE = GoAwayFrame(0, last_stream_id=0, error_code=ErrorCodes.NO_ERROR).serialize()


@pytest.mark.parametrize("round_trip_s", [0.0, 0.05])
def test_client_that_leaves_in_peace_gets_what_it_waits_for(loop_factory, round_trip_s):
    """Also the answer to a body that is not complete yet; a later request is refused."""
    network = Network(round_trip_s=round_trip_s)
    # The answers are longer than the window, which the client opens after it said goodbye.
    with (
        running_mirror(loop_factory, network) as running,
        Http2Wire(running.port, window=65_535) as wire,
    ):
        running.begin()
        streams = [wire.request(page) for page in BODIES]
        upload = wire.request(method="POST", ends=False)
        wire.flush()
        running.wait_until(lambda: running.mirror.counters.requests == len(BODIES))
        late = wire.request(PAGE_2)
        data = wire.h2.data_to_send()
        wire.send(GOODBYE + data)
        wire.h2.send_data(upload, b"x", end_stream=True)
        wire.flush()
        wire.read_all()
        assert [wire.streams[stream].page for stream in streams] == list(BODIES.values())
        assert wire.streams[upload].status == 405
        assert wire.streams[late].reset == ErrorCodes.REFUSED_STREAM
        assert wire.goaway == ErrorCodes.NO_ERROR
        assert running.end().requests == len(BODIES) + 1


def test_client_that_leaves_without_a_question_is_let_go(mirror):
    """At once, as is one that gives up, whatever it waits for; and one that only says goodbye."""
    gives_up = GoAwayFrame(0, last_stream_id=0, error_code=ErrorCodes.PROTOCOL_ERROR).serialize()
    for data in (GOODBYE, gives_up):
        with Http2Wire(mirror.port) as wire:
            wire.send(data)
            wire.read_all()
            assert wire.is_closed
    with Http2Wire(mirror.port) as wire:
        wire.request(method="POST", ends=False)
        wire.flush()
        wire.send(GOODBYE * (MAX_CHATTER + 1))
        wire.read_all()
        assert wire.goaway == ErrorCodes.ENHANCE_YOUR_CALM


def test_client_that_leaves_is_in_flight_no_more(loop_factory):
    """Also when it takes one request back."""
    with running_mirror(loop_factory, Network(round_trip_s=60)) as running:
        running.begin()
        with Http2Wire(running.port) as wire:
            streams = [wire.request() for _ in range(5)]
            wire.flush()
            running.wait_until(lambda: running.mirror.counters.in_flight == 5)
            wire.h2.reset_stream(streams[0])
            wire.flush()
            running.wait_until(lambda: running.mirror.counters.in_flight == 4)
        counters = running.end()
        assert (counters.requests, counters.most_in_flight) == (5, 5)


def test_tls_agrees_on_what_the_client_prefers(tls_mirror, trust):
    """HTTP/2 where it is offered, else HTTP/1.1, also without negotiation."""
    for offered, agreed in ((["h2", "http/1.1"], "h2"), (["http/1.1"], "http/1.1"), ([], None)):
        context = ssl.create_default_context()
        context.load_verify_locations(cadata=ssl.DER_cert_to_PEM_cert(trust.get_ca_certs(True)[0]))
        if offered:
            context.set_alpn_protocols(offered)
        with tls_mirror.open() as wire:
            secured = context.wrap_socket(wire.socket, server_hostname="localhost")
            assert secured.selected_alpn_protocol() == agreed
            secured.close()


async def _fetch_all(client, origin):
    """Return the pages as an httpx client sees them, and the versions that it spoke."""
    answers = await asyncio.gather(*[client.get(origin + page) for page in BODIES])
    assert [answer.content for answer in answers] == list(BODIES.values())
    return {answer.http_version for answer in answers}


@pytest.mark.parametrize("http2", [True, False])
def test_httpx_gets_the_pages_over_tls(tls_mirror, trust, http2):
    """Over one connection by HTTP/2, over several by HTTP/1.1."""

    async def crawl():
        async with httpx.AsyncClient(http2=http2, verify=trust, timeout=PATIENCE_S) as client:
            return await _fetch_all(client, f"https://127.0.0.1:{tls_mirror.port}")

    tls_mirror.begin()
    assert asyncio.run(crawl()) == {"HTTP/2" if http2 else "HTTP/1.1"}
    counters = tls_mirror.end()
    assert (counters.requests, counters.http2_requests) == (10, 10 if http2 else 0)
    assert counters.connections == counters.tls_connections
    assert (counters.connections == 1) is http2


def test_httpx_gets_the_pages_by_prior_knowledge(mirror):
    """Without TLS, told to speak HTTP/2 only."""

    async def crawl():
        async with httpx.AsyncClient(http1=False, http2=True, timeout=PATIENCE_S) as client:
            return await _fetch_all(client, f"http://127.0.0.1:{mirror.port}")

    assert asyncio.run(crawl()) == {"HTTP/2"}
