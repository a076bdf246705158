"""One connection, fed by hand: where an answer ends."""

from __future__ import annotations

import pytest

from crawlbench.load.client import SURPLUS, LoadConnection

OLD = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n"


class Owner:
    """Notes what it is told; also the transport."""

    def __init__(self):
        self.told = []
        self.is_closed = False

    def on_answer(self, connection, status, sent):
        self.told.append(status)

    def on_failure(self, kind):
        self.told.append(kind)

    def on_lost(self, connection):
        self.told.append("lost")

    def write(self, data):
        self.is_closed = False

    def close(self):
        self.is_closed = True

    abort = close

    def is_closing(self):
        return self.is_closed


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        ((OLD, b"body"), 200),
        ((OLD,), 200),
        ((b"HTTP/1.1 503 Busy\r\n\r\nwait",), 503),
        ((OLD[:-2],), "cut off"),
        ((b"HTTP/1.1 100 Continue\r\n\r\n",), "cut off"),
        ((b"HTTP/1.0 200 OK\r\ncontent-length: 9\r\n\r\n", b"body"), "cut off"),
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"4\r\nbody\r\n"), "cut off"),
        ((), "cut off"),
    ],
)
def test_body_without_length_ends_with_its_connection(pieces, told):
    """One that says where it ends, and ends before, was cut off."""
    owner = Owner()
    connection = LoadConnection(owner)
    connection.connection_made(owner)
    connection.ask(b"", 1.0)
    for piece in pieces:
        connection.data_received(piece)
    connection.connection_lost(None)
    assert owner.told == [told, "lost"]
    assert not connection.is_open


def test_answer_before_does_not_make_a_cut_one_whole():
    """Status 204 has neither length nor body; the request after it gets nothing."""
    owner = Owner()
    connection = LoadConnection(owner)
    connection.connection_made(owner)
    connection.ask(b"", 1.0)
    connection.data_received(b"HTTP/1.1 204 No Content\r\n\r\n")
    connection.ask(b"", 2.0)
    connection.connection_lost(None)
    assert owner.told == [204, "cut off", "lost"]


def test_reset_is_no_end_of_a_body():
    """An error is none, whatever came before."""
    owner = Owner()
    connection = LoadConnection(owner)
    connection.connection_made(owner)
    connection.ask(b"", 1.0)
    connection.data_received(OLD + b"bo")
    connection.connection_lost(ConnectionResetError())
    assert owner.told == ["reset", "lost"]


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
EARLY = b"HTTP/1.1 103 Early Hints\r\n\r\n"


class Asking(Owner):
    """Asks again at once, as an owner does with closed arrival."""

    def on_answer(self, connection, status, sent):
        super().on_answer(connection, status, sent)
        if connection.is_open:
            connection.ask(b"", 2.0)


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        ((OK,), [200]),
        ((OK, OK), [200, 200]),
        ((OK + OK,), [SURPLUS]),
        ((OK + OK[:5],), [SURPLUS]),
        ((OK[:9], OK[9:] + OK), [SURPLUS]),
        ((OK * 3,), [SURPLUS]),
        ((EARLY + OK,), [200]),
        ((OK + EARLY,), [SURPLUS]),
        ((OK + b"garbage",), ["malformed answer"]),
        ((OLD.replace(b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\nok") + OK,), [200]),
    ],
)
def test_second_answer_is_not_the_next_requests(pieces, told):
    """Whoever answers twice at once does not count twice; what ends its connection is one."""
    owner = Asking()
    connection = LoadConnection(owner)
    connection.connection_made(owner)
    connection.ask(b"", 1.0)
    for piece in pieces:
        connection.data_received(piece)
    assert owner.told == told
    assert owner.is_closed == (told[-1] != 200 or pieces[0].startswith(b"HTTP/1.0"))


def test_answer_that_nobody_asked_for_ends_its_connection():
    """No request has failed by it."""
    owner = Owner()
    connection = LoadConnection(owner)
    connection.connection_made(owner)
    connection.data_received(OK)
    assert owner.told == []
    assert not connection.is_open
