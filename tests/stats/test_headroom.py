"""Client or mirror: shares and marks."""

from __future__ import annotations

import pytest

from crawlbench.stats.headroom import (
    MOST_SERVER_SHARE,
    MOST_WAIT_SHARE,
    find_server_fault,
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
    [(0.2, None, 0.2), (0.2, 40.0, 0.5), (0.6, 40.0, 0.6), (0.0, 2000.0, 0.01), (0.2, 0.0, 0.2)],
)
def test_server_share_is_the_larger_of_busy_time_and_rate(busy, ceiling, share):
    """20 requests a second, against what the mirror reached when it was asked for all."""
    assert server_share(samples((busy, 0.0), (busy, 0.0)), ceiling) == pytest.approx(share)


def test_shares_are_of_all_values_together():
    """A long value weighs more than a short one."""
    assert server_share(samples((0.1, 0.0), (0.5, 0.0)), None) == pytest.approx(0.3)
    assert wait_share(samples((0.1, 0.1), (0.3, 0.0))) == pytest.approx(0.2)


def test_wait_share_of_an_undisturbed_mirror_is_zero():
    """Whether it worked or not; some clocks are too coarse to see that it did."""
    assert wait_share(samples((0.5, 0.0))) == 0.0
    assert wait_share(samples((0.0, 0.0))) == 0.0
    assert wait_share(samples((0.0, 0.1))) == 1.0


@pytest.mark.parametrize(
    ("share", "waits", "mark"),
    [
        (0.0, 0.0, ""),
        (MOST_SERVER_SHARE, MOST_WAIT_SHARE, ""),
        (MOST_SERVER_SHARE + 1e-9, MOST_WAIT_SHARE, "server-bound"),
        (MOST_SERVER_SHARE, MOST_WAIT_SHARE + 1e-9, "mirror disturbed"),
        (1.0, 1.0, "mirror disturbed"),
    ],
)
def test_row_is_marked_beyond_the_borders_only(share, waits, mark):
    """A disturbed mirror says nothing of how much it was asked for, so that mark goes first."""
    assert find_server_fault(share, waits) == mark
