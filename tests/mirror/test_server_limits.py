"""What a mirror answers to clients that are broken or hostile, and what they cost it."""

from __future__ import annotations

import threading

import pytest
from tests.mirror.wire import BODIES, GZIP, request

from crawlbench.mirror import reader

PAGE_2 = "/top250?start=25&filter="
MIXED_LINES = "Transfer-Encoding: chunked\r\nContent-Length: 4"


def is_shut(connection):
    """Tell whether a connection's client does not read."""
    return connection._outbox is not None and not connection._outbox.is_open


def refusal(wire):
    """Read an answer that ends the connection and return its status."""
    answer = wire.read()
    assert answer.headers["Connection"] == "close"
    assert wire.is_closed()
    return answer.status


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello",
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"get /top250 HTTP/1.1\r\n\r\n",
        b"GET top250 HTTP/1.1\r\n\r\n",
        b"GET /top250 SMTP/1.1\r\n\r\n",
        b"GET /top250 x HTTP/1.1\r\n\r\n",
        b"PRI / HTTP/1.1\r\n\r\n",
        b"\0" * 100,
        b"{}" * 100,
        "GET /电影 HTTP/1.1\r\n\r\n".encode(),
        b"GET /top250\xff HTTP/1.1\r\n\r\n",
        b"GET /top\t250 HTTP/1.1\r\n\r\n",
        b"GET /top250\0 HTTP/1.1\r\n\r\n",
        b"GET /top250 HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /top250 HTTP/1.1\r\nA : blank before the colon\r\n\r\n",
        b"GET /top250 HTTP/1.1\r\nA: \0\r\n\r\n",
    ],
)
def test_garbage_is_a_bad_request(mirror, garbage):
    """400, and the connection ends; the mirror goes on."""
    with mirror.open() as wire:
        wire.send(garbage)
        assert refusal(wire) == 400
    assert mirror.ask().status == 200


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        MIXED_LINES,
        "Content-Length: 4\r\nContent-Length: 4",
        "Content-Length: 4\r\nContent-Length: 40",
        "Content-Length: 4, 4",
        "Content-Length: +4",
        "Content-Length: -4",
        "Content-Length: 0x4",
        "Content-Length: 99999999999999999999",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "A: b\r\n folded: line",
        "A: b\n bare: feed",
        "A: b\nContent-Length: 4",
        "A: b\rContent-Length: 4",
    ],
)
def test_requests_of_two_meanings_are_refused(mirror, head):
    """What a proxy could read otherwise is not read at all, nor is what follows it."""
    smuggled = request(PAGE_2)
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(smuggled), smuggled)
    mirror.begin()
    with mirror.open() as wire:
        wire.send(request("/top250", head, method="POST", body=body))
        assert refusal(wire) == 400
    assert mirror.end().pages == {"(refused with 400)": 1}


@pytest.mark.parametrize(
    "chunks", [b"x\r\n", b"-1\r\n", b"4\nabcd", b"4\r\nabcdef\r\n", b"10000000000000000\r\n"]
)
def test_broken_chunks_are_refused(mirror, chunks):
    """A chunk has the length that it says."""
    with mirror.open() as wire:
        wire.send(request("/top250", "Transfer-Encoding: chunked", body=chunks))
        assert refusal(wire) == 400


def test_target_may_be_long_but_not_endless(wire, mirror):
    """A target of 8 KiB is not found, one byte more is too long (414)."""
    longest = "/".ljust(reader.MAX_TARGET_BYTES, "x")
    assert wire.ask(longest).status == 404
    assert wire.ask("/top250?start=25&x=" + "x" * 8000).status == 200
    wire.send(request(longest + "x"))
    assert refusal(wire) == 414
    with mirror.open() as other:
        other.send(b"GET /", *[b"x" * 1000] * 100)
        assert refusal(other) == 414


@pytest.mark.parametrize(
    "lines",
    [b"A: b\r\n" * 1000, b"A: " + b"b" * 5000 + b"\r\n", b"a" * 5000],
    ids=["many", "long", "one"],
)
def test_head_may_be_big_but_not_endless(mirror, lines):
    """A head of 64 KiB is read, one that does not end is too big (431)."""
    start = b"GET /top250 HTTP/1.1\r\nHost: a\r\n"
    with mirror.open() as wire:
        wire.send(start, b"A: " + b"x" * 60_000, b"\r\n\r\n")
        assert wire.read().status == 200
        wire.send(start, *[lines] * 200)
        assert refusal(wire) == 431


@pytest.mark.parametrize(
    "tail",
    [b"0\r\n" + b"A: " + b"x" * 500_000, b"1;" + b"x" * 500_000],
    ids=["trailer", "chunk extension"],
)
def test_chunks_do_not_hide_an_endless_head(mirror, tail):
    """What comes with a body but is none counts as head; it is kept nowhere."""
    with mirror.open() as wire:
        wire.send(request("/top250", "Transfer-Encoding: chunked", body=tail))
        assert refusal(wire) == 431


@pytest.mark.parametrize(("size", "status"), [(60_000, 200), (100_000, 431)])
@pytest.mark.parametrize(
    "tail",
    [b"0\r\nA: %s\r\n\r\n", b"1;%s\r\na\r\n0\r\n\r\n"],
    ids=["trailer", "chunk extension"],
)
@pytest.mark.parametrize("packets", [1, 7])
def test_what_surrounds_a_body_has_one_limit_in_one_packet_and_in_many(tail, size, status, packets):
    """The parser may come to the end of the request before anybody has counted."""
    data = request("/top250", "Transfer-Encoding: chunked", body=tail % (b"x" * size))
    found = []
    reading = reader.RequestReader(lambda _: "/top250", lambda *_: 0, found.append, found.append)
    step = -(-len(data) // packets)
    refusals = [reading.feed(data[at : at + step]) for at in range(0, len(data), step)]
    assert max(refusals) == (0 if status == 200 else status)
    assert len(found) == (status == 200)


def test_body_may_be_big_but_not_endless(mirror):
    """A body of 1 MiB is read over, a bigger one is too big (413)."""
    most = reader.MAX_BODY_BYTES
    with mirror.open() as wire:
        wire.send(request("/top250", f"Content-Length: {most}", body=b"x" * most))
        assert wire.read().status == 200
        wire.send(request("/top250", f"Content-Length: {2 * most}", body=b"x" * (most + 1)))
        assert refusal(wire) == 413
    with mirror.open() as wire:
        chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
        wire.send(request("/top250", "Transfer-Encoding: chunked"), *[chunk] * 40)
        assert refusal(wire) == 413


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (request("/top250", f"Content-Length: {2**24}", method="POST"), 413),
        (request("/top250", "Transfer-Encoding: chunked", method="POST") + b"1000000\r\n", 413),
        (b"GET /", 414),
        (b"GET /top250 HTTP/1.1\r\nA: ", 431),
        (b"\0", 400),
    ],
)
def test_client_that_sends_on_can_read_why_it_is_refused(either_mirror, start, status):
    """A socket with unread data that is closed at once would be reset, and the answer lost."""
    with either_mirror.open() as wire:
        wire.send(request(PAGE_2), start)
        for _ in range(64):
            wire.socket.sendall(b"x" * 2**18)  # fails if the mirror has hung up
        assert wire.read().page == BODIES[PAGE_2]
        assert refusal(wire) == status


def test_client_that_never_ends_is_not_listened_to_for_ever(mirror):
    """It has a moment to read why it is refused, and then is hung up on."""
    with mirror.open() as wire:
        wire.send(b"\0")
        assert refusal(wire) == 400
        mirror.wait_until(lambda: not mirror.mirror.connections)


def test_requests_before_a_bad_one_are_answered_first(either_mirror):
    """Also where they wait for their time: the refusal takes its turn."""
    with either_mirror.open() as wire:
        wire.send(request(), request(PAGE_2) + b"garbage\r\n\r\n")
        assert wire.read().page == BODIES["/top250"]
        assert wire.read().page == BODIES[PAGE_2]
        assert refusal(wire) == 400


def test_failure_of_the_mirror_is_not_the_clients(mirror, monkeypatch):
    """When something of ours raises, the client is told so (500), and only that connection ends."""

    def fail(target):
        raise KeyError(target)

    with monkeypatch.context() as patch, mirror.open() as wire:
        patch.setattr(mirror.mirror.responses, "find_page", fail)
        wire.send(request("/top250", "X-New: not remembered"))
        assert refusal(wire) == 500
    assert mirror.ask().status == 200


def test_client_that_reads_late_costs_no_memory(either_mirror):
    """Answers are not piled up for it, yet it gets all of them, in order."""
    targets = [PAGE_2, "/none", "/top250"] * 2000  # far more than the system's buffers hold
    with either_mirror.open() as wire:
        sending = threading.Thread(target=wire.send, args=[request(t, GZIP) for t in targets])
        sending.start()
        connections = either_mirror.mirror.connections
        either_mirror.wait_until(lambda: any(is_shut(c) for c in connections))
        (only,) = connections
        assert either_mirror.call(only._transport.get_write_buffer_size) < 2**18
        for at, target in enumerate(targets):
            answer = wire.read()
            assert answer.status == (404 if target == "/none" else 200)
            if at % 500 < 3 and answer.status == 200:
                assert answer.page == BODIES[target]
        sending.join()


def test_client_that_leaves_in_the_middle_costs_nothing(mirror):
    """Half a request, half an answer, no request at all: nothing stays behind."""
    mirror.begin()
    for sent in (b"", request()[:20], request(), request() * 50):
        with mirror.open() as wire:
            wire.send(sent)
    mirror.wait_until(lambda: mirror.mirror.counters.connections == 4)
    assert mirror.end().connections == 4
