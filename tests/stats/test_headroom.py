"""Client or mirror: shares and marks."""

from __future__ import annotations

import pytest

from crawlbench.stats.headroom import (
    MAX_PEER_SHARE,
    MAX_SERVER_SHARE,
    MAX_STARVED_SHARE,
    MAX_WAIT_SHARE,
    find_mark,
    idle_s,
    server_hold,
    server_share,
    wait_share,
)
from tests.stats.builders import BASELINE, make_sample


def samples(*mirrors, requests=20):
    """Return values of two crawls in half a second each: a second per value."""
    return [
        make_sample(BASELINE, n, 0.5, requests=requests, mirror_cpu_s=cpu, mirror_wait_s=wait)
        for n, (cpu, wait) in enumerate(mirrors)
    ]


@pytest.mark.parametrize(
    ("busy", "ceiling", "share"),
    [
        (0.2, None, 0.2),
        (0.2, 40.0, 0.5),
        (0.6, 40.0, 0.6),
        (0.0, 2000.0, 0.01),
        (0.2, 0.0, 0.2),
        (0.2, 5.0, 1.0),
    ],
)
def test_server_share_is_the_larger_of_busy_time_and_rate(busy, ceiling, share):
    """20 requests a second, against what the mirror reached when it was asked for all."""
    assert server_share(samples((busy, 0.0), (busy, 0.0)), ceiling) == pytest.approx(share)


def test_shares_are_of_all_values_together():
    """A long value weighs more than a short one."""
    assert server_share(samples((0.1, 0.0), (0.5, 0.0)), None) == pytest.approx(0.3)
    assert wait_share(samples((0.1, 0.1), (0.3, 0.0))) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("used", "cpus", "hold"),
    [(0.5, 1, 0.0), (0.45, 1, 0.1), (0.2, 1, 0.6), (0.9, 1, 0.0), (0.5, 2, 0.6), (0.98, 2, 0.04)],
)
def test_client_waits_for_the_mirror_only_while_its_own_cpus_are_idle(used, cpus, hold):
    """The mirror was busy for 0.6 of a value, in which two crawls took half a second each."""
    one = make_sample(BASELINE, 0, 0.5, cpu_s=used, mirror_cpu_s=0.6)
    assert server_hold([one], None, cpus) == pytest.approx(hold)
    assert idle_s(one, cpus) == pytest.approx(max(0.0, 0.5 * cpus - used))


def test_cpu_time_by_ticks_stands_in_where_no_exact_clock_was_read():
    """In format 1: three quarters of the time in user and system mode together."""
    assert server_hold(samples((0.6, 0.0)), None, 1) == pytest.approx(0.25)


def test_wait_share_of_an_undisturbed_mirror_is_zero():
    """Whether it worked or not; some clocks are too coarse to see that it did."""
    assert wait_share(samples((0.5, 0.0))) == 0.0
    assert wait_share(samples((0.0, 0.0))) == 0.0
    assert wait_share(samples((0.0, 0.1))) == 1.0


@pytest.mark.parametrize(
    ("hold", "waits", "starved", "mark"),
    [
        (0.0, 0.0, 0.0, ""),
        (MAX_SERVER_SHARE, MAX_WAIT_SHARE, MAX_STARVED_SHARE, ""),
        (MAX_SERVER_SHARE + 1e-9, MAX_WAIT_SHARE, 0.0, "server-bound"),
        (MAX_SERVER_SHARE, MAX_WAIT_SHARE + 1e-9, 0.0, "mirror disturbed"),
        (1.0, 1.0, 0.0, "mirror disturbed"),
        (1.0, 1.0, MAX_STARVED_SHARE + 1e-9, "starved"),
    ],
)
def test_row_is_marked_beyond_the_borders_only(hold, waits, starved, mark):
    """A disturbed mirror says nothing of how much it was asked for, so that mark goes first."""
    assert find_mark(hold, waits, starved, is_operation=False) == mark


@pytest.mark.parametrize(
    ("hold", "mark"),
    [(0.0, ""), (0.6, ""), (MAX_PEER_SHARE, ""), (MAX_PEER_SHARE + 1e-9, "peer-bound")],
)
def test_peer_that_is_busy_all_the_time_is_marked(hold, mark):
    """One that echoes works while the loop waits: half of the time is nothing odd."""
    assert find_mark(hold, 0.0, 0.0, is_operation=True) == mark
