"""One connection, fed by hand: where an answer ends."""

from __future__ import annotations

import pytest

from crawlbench.load.client import Connection

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
    connection = Connection(owner)
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
    connection = Connection(owner)
    connection.connection_made(owner)
    connection.ask(b"", 1.0)
    connection.data_received(b"HTTP/1.1 204 No Content\r\n\r\n")
    connection.ask(b"", 2.0)
    connection.connection_lost(None)
    assert owner.told == [204, "cut off", "lost"]


def test_reset_is_no_end_of_a_body():
    """An error is none, whatever came before."""
    owner = Owner()
    connection = Connection(owner)
    connection.connection_made(owner)
    connection.ask(b"", 1.0)
    connection.data_received(OLD + b"bo")
    connection.connection_lost(ConnectionResetError())
    assert owner.told == ["reset", "lost"]
