"""Peers are processes that tell what they used, and end with whoever started them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time

import pytest

from crawlbench.operations import PeerError, open_peer
from crawlbench.operations.payload import MIB, PERIOD_BYTES, is_pattern, numbered, pattern


@pytest.fixture(scope="module")
def echo():
    """Give a running echo peer."""
    with open_peer("echo") as process:
        yield process


def receive(connection, size):
    data = bytearray()
    while len(data) < size and (more := connection.recv(size - len(data))):
        data += more
    return bytes(data)


def test_echo_comes_back_whole_though_the_client_reads_late(echo):
    """More than the buffers hold is sent before anything is read."""
    sent = b"".join(numbered(number, 100_000) for number in range(60))
    with socket.create_connection((echo.peer.host, echo.peer.port)) as connection:
        connection.setblocking(False)
        at = 0
        for _ in range(200):
            try:
                at += connection.send(sent[at:])
            except BlockingIOError:
                time.sleep(0.001)
        connection.setblocking(True)
        received = receive(connection, at)
    assert received == sent[:at]


def test_connections_that_break_off_disturb_nobody(echo):
    """Others are still served."""
    for _ in range(20):
        connection = socket.create_connection((echo.peer.host, echo.peer.port))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.sendall(b"x" * 1_000)
        connection.close()
    with socket.create_connection((echo.peer.host, echo.peer.port)) as connection:
        connection.sendall(b"still there?")
        assert receive(connection, 12) == b"still there?"


def test_cpu_seconds_of_a_peer_are_counted(echo):
    """An idle peer uses nothing, a busy one does."""
    before = echo.cpu_s()
    with socket.create_connection((echo.peer.host, echo.peer.port)) as connection:
        for _ in range(2_000):
            connection.sendall(b"x")
            connection.recv(1)
    assert echo.cpu_s() > before


def test_cpu_seconds_are_those_that_the_peer_tells(echo):
    """From outside, without a message, where Linux tells them."""
    readings = [echo.cpu_s(), echo.ask_cpu_s(), echo.cpu_s()]
    assert readings == sorted(readings)


def test_peer_ends_when_its_standard_input_closes():
    """However its manager dies, nothing is left."""
    command = [sys.executable, "-m", "crawlbench.operations.peer", "unix"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        address = json.loads(process.stdout.readline())
        assert os.path.exists(address["path"])  # noqa: PTH110
        process.stdin.close()
        assert process.wait(10) == 0
    assert not os.path.exists(address["path"])  # noqa: PTH110


def test_dead_peer_is_said_in_a_sentence():
    """It is no loop's fault."""
    with open_peer("bulk") as process:
        process._child.kill()
        with pytest.raises(PeerError, match=r"the peer 'bulk' died \(exit code -9\)"):
            process.ask_cpu_s()
        with pytest.raises(PeerError, match=r"the peer 'bulk' died \(exit code -9\)"):
            process.cpu_s()


def test_bulk_peer_notices_a_byte_out_of_place():
    """Of two requests on one connection the second has a wrong byte."""
    with open_peer("bulk") as process:
        address = process.peer.host, process.peer.port
        with socket.create_connection(address) as connection:
            for spoiled in (False, True):
                data = bytearray(pattern(0, 200_000))
                data[150_000] ^= spoiled
                connection.sendall(b"S" + len(data).to_bytes(8, "big") + data)
                right = int.from_bytes(receive(connection, 8), "big")
                assert (right == 200_000) is not spoiled


def test_pattern_tells_places_apart():
    """A chunk fits its place and no other."""
    data = pattern(3 * MIB, 64 * 1024)
    assert is_pattern(data, 3 * MIB)
    assert is_pattern(memoryview(data)[100:], 3 * MIB + 100)
    assert not is_pattern(data, 0)
    assert is_pattern(pattern(PERIOD_BYTES, 9), 0)


def test_numbered_bytes_differ():
    """Even the smallest."""
    assert numbered(1, 8) != numbered(2, 8)
    assert len(numbered(1, 102_400)) == 102_400
