"""What a process has used, from the system's files or without them."""

from __future__ import annotations

from mmap import mmap
from pathlib import Path

import pytest

from crawlbench.base import usage
from crawlbench.base.usage import peak_rss_bytes, read_cpu_wait_s, reset_peak_rss, rss_bytes

STATUS = "Name:\tpython\nVmPeak:\t  900 kB\nVmHWM:\t   300 kB\nVmRSS:\t   200 kB\nThreads:\t1\n"


@pytest.fixture
def proc(tmp_path, monkeypatch):
    """Return an empty folder that stands for /proc/self."""
    for name in ("status", "schedstat", "clear_refs"):
        monkeypatch.setattr(usage, f"_{name.upper()}", tmp_path / name)
    return tmp_path


def test_wait_for_a_cpu_is_the_kernels_second_number(proc):
    """In nanoseconds: time on a CPU, time in the queue for one, turns."""
    (proc / "schedstat").write_text("9000000000 1500000000 77\n")
    assert read_cpu_wait_s() == 1.5


@pytest.mark.parametrize("text", [None, "", "7", "a b c"])
def test_wait_that_the_kernel_does_not_tell_is_zero(proc, text):
    """The file may be missing, empty or strange."""
    if text is not None:
        (proc / "schedstat").write_text(text)
    assert read_cpu_wait_s() == 0.0


def test_memory_is_read_in_bytes(proc):
    """The peak is that of resident memory, not of addresses."""
    (proc / "status").write_text(STATUS)
    assert (peak_rss_bytes(), rss_bytes()) == (300 * 1024, 200 * 1024)


@pytest.mark.parametrize("text", [None, "", "Name:\tpython\n"])
def test_memory_that_cannot_be_read_is_not_known(proc, text):
    """No number is made up for it."""
    if text is not None:
        (proc / "status").write_text(text)
    assert (peak_rss_bytes(), rss_bytes()) == (None, None)


def test_reset_writes_what_the_kernel_asks_for(proc):
    """See `man 5 proc_pid_clear_refs`."""
    (proc / "clear_refs").write_text("")
    reset_peak_rss()
    assert (proc / "clear_refs").read_text() == "5"


def test_kernel_that_allows_no_reset_is_no_error(proc, monkeypatch):
    """A container may forbid to write the file, another system has none."""

    def refuse(self, text):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_text", refuse)
    reset_peak_rss()


@pytest.mark.skipif(not usage._CLEAR_REFS.exists(), reason="this kernel keeps its peaks")
def test_reset_forgets_the_peak():
    """What was freed before does not count any more."""
    size = 64 * 2**20
    before = rss_bytes()
    with mmap(-1, size) as block:  # no allocator keeps it, whatever this process has imported
        for at in range(0, size, 4096):
            block[at] = 1
        assert peak_rss_bytes() >= before + size // 2
    reset_peak_rss()
    assert peak_rss_bytes() < before + size // 2
