"""The least time that a crawl could take."""

from __future__ import annotations

import pytest

from crawlbench.mirror.networks import NETWORKS
from crawlbench.stats.limit import REFERENCE, critical_path_s, find_limit_s
from tests.stats.builders import BASELINE, make_plan, make_sample, make_session, other

RAW = other(REFERENCE)
FAST = other("fast", "uvloop")


@pytest.mark.parametrize(
    ("pages", "concurrency", "trips"),
    [(1, 10, 2), (2, 10, 3), (11, 10, 3), (12, 10, 4), (11, 1, 12), (10, 100, 3)],
)
def test_critical_path_is_connection_first_page_and_waves(pages, concurrency, trips):
    """The first page names the others, which go out as many at a time as are allowed."""
    network = NETWORKS["wan"].as_numbers()
    assert critical_path_s(network, pages, concurrency) == pytest.approx(trips * 0.04)


def test_network_without_delay_has_no_critical_path():
    """Whether it names its numbers or not."""
    assert critical_path_s(NETWORKS["loopback"].as_numbers(), 11, 10) == 0.0
    assert critical_path_s({}, 11, 10) == 0.0


def limit_of(cell, reference, values=2):
    """Return the limit of a cell beside one reference, which takes 0.3 and 0.1 s of CPU time."""
    session = make_session(make_plan(cell, reference), [])
    samples = [
        make_sample(reference, n, 9.0, cpu_user_s=cpu, cpu_system_s=0.1, requests=22)
        for n, cpu in enumerate((0.2, 0.0)[:values])
    ]
    return find_limit_s(session, cell, samples)


def test_limit_is_the_critical_path_and_the_references_cpu_time():
    """Two crawls a value, 11 pages a crawl; the reference's wall time does not count."""
    assert limit_of(FAST, RAW) == pytest.approx(2 * 0.04 + 0.2)


def test_reference_has_a_limit_too():
    """It shows how far the sum of the two is from what can be reached."""
    assert limit_of(RAW, RAW) == pytest.approx(2 * 0.04 + 0.2)


def test_reference_without_valid_values_gives_no_limit():
    """It failed, or was not measured yet."""
    assert limit_of(FAST, RAW, values=0) is None
    assert find_limit_s(make_session(make_plan(FAST, RAW), []), BASELINE, None) is None
