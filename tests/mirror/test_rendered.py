"""Answers that the kernel sends from a file: the same bytes, and no file outlives its answers."""

from __future__ import annotations

import errno
import gc
import os
import socket
import sys
from pathlib import Path

import pytest
from tests.mirror.wire import make_responses

from crawlbench.mirror import rendered as module
from crawlbench.mirror.rendered import FEWEST_BYTES, FILE_BYTES, Rendered, Shelf

BIG = os.urandom(FEWEST_BYTES + 7)
needs_files = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="no files in memory here")


def send_all(one: Rendered) -> bytes:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**20)
        assert one.send(ours.fileno()) == len(one.data)
        ours.close()
        received = b""
        while piece := theirs.recv(65_536):
            received += piece
    return received


def count_files() -> int:
    gc.collect()
    links = Path("/proc/self/fd").iterdir()
    return sum("memfd:answers" in str(link.readlink()) for link in links if link.is_symlink())


@needs_files
def test_the_same_bytes_come_from_a_file() -> None:
    shelf, before, big = Shelf(), Rendered(os.urandom(FEWEST_BYTES)), Rendered(BIG)
    assert big.is_worth_a_file
    assert send_all(big) == BIG
    shelf.put(before)
    shelf.put(big)
    assert not big.is_worth_a_file
    assert send_all(big) == BIG
    assert send_all(before) == before.data


def test_a_small_answer_needs_no_file() -> None:
    assert not Rendered(BIG[: FEWEST_BYTES - 1]).is_worth_a_file


@needs_files
def test_a_file_goes_with_its_last_answer() -> None:
    files = count_files()
    shelf = Shelf()
    many = [Rendered(bytes(FILE_BYTES // 4)) for _ in range(9)]
    for one in many:
        shelf.put(one)
    assert count_files() == files + 3
    del one, many[:8]
    assert count_files() == files + 1
    assert send_all(Rendered(BIG)) == BIG
    many.clear()
    del shelf
    assert count_files() == files


@needs_files
def test_what_a_socket_does_not_take_is_left_to_the_caller() -> None:
    shelf, big = Shelf(), Rendered(bytes(2**22))
    shelf.put(big)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        assert 0 < big.send(ours.fileno()) < len(big.data)
        with pytest.raises(BlockingIOError):
            big.send(ours.fileno())


def test_without_files_in_memory_a_copy_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> int:
        raise OSError(errno.ENFILE, f"no {name}")

    monkeypatch.setattr(module.os, "memfd_create", refuse, raising=False)
    shelf, big = Shelf(), Rendered(BIG)
    shelf.put(big)
    assert send_all(big) == BIG
    monkeypatch.delattr(module.os, "memfd_create")
    shelf = Shelf()
    shelf.put(big)
    assert send_all(big) == BIG


def test_a_page_is_put_there_when_it_is_asked_for_again() -> None:
    responses = make_responses()
    first = responses.page("/top250", 0)
    assert first.is_worth_a_file
    again = responses.page("/top250", 0)
    assert again is first
    assert again.is_worth_a_file is not (sys.platform == "linux")
