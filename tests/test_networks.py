"""The delays of networks: seeded, positive, right on average."""

from __future__ import annotations

from statistics import fmean

import pytest

from crawlbench.errors import UnknownNameError
from crawlbench.networks import Network, find_network


def test_same_key_gives_the_same_delay():
    """Whatever the strategy, request k of page p waits as long."""
    wan = find_network("wan")
    assert wan.delay_s("a", connection_age_s=None) == wan.delay_s("a", connection_age_s=None)
    assert wan.delay_s("a", connection_age_s=None) != wan.delay_s("b", connection_age_s=None)


@pytest.mark.parametrize(
    ("new", "mean"), [(None, 0.040), (0.0, 0.080), (0.030, 0.050), (1.0, 0.040)]
)
def test_jitter_leaves_the_mean_alone(new, mean):
    """A new connection costs a round trip more."""
    wan = find_network("wan")
    delays = [wan.delay_s(str(key), connection_age_s=new) for key in range(4000)]
    assert fmean(delays) == pytest.approx(mean, rel=0.01)
    assert min(delays) > 0


def test_loopback_does_not_wait():
    """No delay is no delay, not a small one."""
    assert find_network("loopback").delay_s("a", connection_age_s=0.0) == 0.0


def test_no_jitter_is_a_constant():
    """Without jitter the delay is the round trip."""
    assert Network(round_trip_s=0.1).delay_s("a", connection_age_s=None) == 0.1


def test_unknown_network_lists_the_known_ones():
    """One sentence with the value seen and what would work."""
    with pytest.raises(UnknownNameError, match="unknown network 'moon'; known: loopback, wan"):
        find_network("moon")
