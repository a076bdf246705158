"""The delays and faults of networks: seeded, never negative, right on average."""

from __future__ import annotations

from collections import Counter
from statistics import fmean, pstdev

import msgspec
import pytest

from crawlbench.mirror.networks import NETWORKS, Fault, Network, find_network


def delays(network, number=4000, age=None):
    """Return delays of so many requests."""
    return [network.delay_s(str(key), connection_age_s=age) for key in range(number)]


def test_same_key_gives_the_same_delay():
    """Whatever the strategy, request k of page p waits as long."""
    wan = find_network("wan")
    assert wan.delay_s("a", connection_age_s=None) == wan.delay_s("a", connection_age_s=None)
    assert wan.delay_s("a", connection_age_s=None) != wan.delay_s("b", connection_age_s=None)


def test_delays_of_wan_are_those_of_former_sessions():
    """Sessions of one seed meet the same network, on whatever system and Python."""
    wan = find_network("wan")
    key = "1/lap//top250/0"
    assert wan.delay_s(key, connection_age_s=None) == pytest.approx(0.0400501189)
    assert wan.delay_s(key, connection_age_s=0.0) == pytest.approx(0.0857017144)
    assert wan.delay_s(key, connection_age_s=0.0, lap=3, laps=8) == pytest.approx(0.0724964808)


@pytest.mark.parametrize(
    ("new", "mean"), [(None, 0.040), (0.0, 0.080), (0.030, 0.050), (1.0, 0.040)]
)
def test_jitter_leaves_the_mean_alone(new, mean):
    """A new connection costs a round trip more."""
    seconds = delays(find_network("wan"), age=new)
    assert fmean(seconds) == pytest.approx(mean, rel=0.01)
    assert min(seconds) > 0


def test_normal_round_trips_have_mean_and_deviation_and_are_never_negative():
    """The jitter is the deviation over the mean; what would be below zero is none."""
    seconds = delays(Network(round_trip_s=0.1, jitter=0.2, distribution="normal"))
    assert fmean(seconds) == pytest.approx(0.1, rel=0.02)
    assert pstdev(seconds) == pytest.approx(0.02, rel=0.05)
    assert min(delays(Network(round_trip_s=0.1, jitter=3.0, distribution="normal"))) == 0.0


def test_samples_are_drawn_evenly_and_give_the_mean():
    """Nothing else is drawn; the mean stands where reports look for it."""
    network = Network(samples=(0.01, 0.02, 0.06), connect_round_trips=1)
    counts = Counter(delays(network))
    assert set(counts) == {0.01, 0.02, 0.06}
    assert min(counts.values()) > 1200
    assert network.round_trip_s == pytest.approx(0.03)
    assert fmean(delays(network, age=0.0)) == pytest.approx(0.06, rel=0.05)


def test_loopback_does_not_wait():
    """No delay is no delay, not a small one."""
    assert find_network("loopback").delay_s("a", connection_age_s=0.0) == 0.0


@pytest.mark.parametrize("distribution", [None, "constant", "normal", "log-normal"])
def test_no_jitter_is_a_constant(distribution):
    """Without jitter the delay is the round trip."""
    network = Network(round_trip_s=0.1, distribution=distribution)
    assert network.delay_s("a", connection_age_s=None) == pytest.approx(0.1)


def test_rates_of_faults_are_exact_and_add_up():
    """A fault further down has its own rate, not what the ones before have left of it."""
    network = Network(faults=(Fault("503", rate=0.2), Fault("reset", rate=0.3)))
    drawn = [network.fault(str(key), "/p", 0) for key in range(10_000)]
    shares = Counter(fault.kind if fault else None for fault in drawn)
    assert shares["503"] == pytest.approx(2000, rel=0.08)
    assert shares["reset"] == pytest.approx(3000, rel=0.08)


def test_fault_of_a_page_befalls_its_first_requests_only():
    """So that a retry succeeds; other pages and later requests are left alone."""
    network = Network(faults=(Fault("503", page="/top250?start=25*", times=2),))
    page = "/top250?start=25&filter="
    assert [bool(network.fault("x", page, before)) for before in range(4)] == [1, 1, 0, 0]
    assert network.fault("x", "/top250", 0) is None


def test_fault_depends_on_its_key_alone():
    """The same key, the same fault."""
    flaky = find_network("flaky")
    assert [flaky.fault(str(k), "/p", 0) for k in range(500)] == [
        flaky.fault(str(k), "/p", 0) for k in range(500)
    ]


def test_numbers_of_the_first_networks_are_those_of_former_sessions():
    """A session of before can be compared with one of today."""
    assert NETWORKS["loopback"].as_numbers() == {
        "round_trip_s": 0.0,
        "jitter": 0.0,
        "connect_round_trips": 0,
    }
    assert NETWORKS["wan"].as_numbers() == {
        "round_trip_s": 0.040,
        "jitter": 0.1,
        "connect_round_trips": 1,
    }


def test_networks_that_differ_have_other_numbers():
    """Whatever is set shows; all are numbers, as a session's file wants them."""
    networks = [
        Network(),
        Network(round_trip_s=0.1),
        Network(round_trip_s=0.1, distribution="normal"),
        Network(samples=(0.1,)),
        Network(samples=(0.05, 0.15)),
        Network(connection_bytes_per_s=1e6),
        Network(total_bytes_per_s=1e6),
        Network(most_connections=3),
        Network(keep_alive=False),
        Network(keep_alive_requests=3),
        Network(keep_alive_s=3),
        Network(tls=True),
        Network(tls=True, http2=True),
        Network(faults=(Fault("503"),)),
        Network(faults=(Fault("503", rate=0.5),)),
        Network(faults=(Fault("503", page="/a"),)),
        Network(faults=(Fault("503", times=1),)),
        Network(faults=(Fault("503", retry_after_s=1),)),
    ]
    numbers = [network.as_numbers() for network in networks]
    assert all(numbers.count(one) == 1 for one in numbers)
    assert all(type(value) in {int, float} for one in numbers for value in one.values())


@pytest.mark.parametrize("name", NETWORKS)
def test_network_survives_the_way_to_its_mirror(name):
    """As JSON and back it is the same."""
    network = NETWORKS[name]
    assert msgspec.json.decode(msgspec.json.encode(network), type=Network) == network
    assert network.about
