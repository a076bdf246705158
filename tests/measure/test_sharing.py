"""Which crawls share a process, and which of them warm it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from crawlbench.base.records import Cell
from crawlbench.measure.sharing import find_cold, find_sharing
from crawlbench.mirror.networks import Network, find_network

NETWORKS = {name: find_network(name) for name in ("loopback", "wan", "loopback-tls", "flaky")}
SHORT = Cell("ten", "loopback", "requests-serial", None, "lxml", 10)
LONG = SHORT.lengthened("forty")
FAR = replace(SHORT, network="wan")
FAR_LONG = FAR.lengthened("thirty")
ALL = (SHORT, FAR, LONG, FAR_LONG)
PAGES = {"ten": 10, "thirty": 30, "forty": 40}


def share(*cells, networks=None):
    """Return the cells of each process that several share."""
    return list(find_sharing(cells, networks or NETWORKS).values())


def cold(*cells, number, processes=None):
    """Return the cells that have no warmups if all share one process."""
    names = processes or {cell.name: "shared" for cell in cells}
    return find_cold(cells, names, PAGES, number)


def test_lengths_and_networks_of_a_strategy_share_a_process():
    """They need the same imports."""
    assert share(*ALL) == [list(ALL)]


@pytest.mark.parametrize(
    "change",
    [
        {"strategy": "requests-threads"},
        {"event_loop": "uvloop"},
        {"parser": "selectolax"},
        {"concurrency": 4},
        {"environment": "old"},
        {"control": True},
        {"site": "another"},
    ],
)
def test_whatever_else_differs_has_another_process(change):
    """A twin above all: two processes of the same kind differ, which twins are there to show."""
    others = [replace(cell, **change) for cell in (SHORT, FAR)]
    assert share(*ALL, *others) == [list(ALL), others]
    assert share(SHORT, others[0]) == []


def test_long_forms_of_two_sites_do_not_meet():
    """Even if both sites have the same long form."""
    other = replace(SHORT, site="twelve")
    cells = SHORT, LONG, other, other.lengthened("forty")
    assert share(*cells) == [[SHORT, LONG], [other, cells[3]]]


def test_cells_over_tls_have_processes_of_their_own():
    """Each mirror has its own authority, which a client may read once in a process."""
    secure = replace(SHORT, network="loopback-tls")
    assert share(SHORT, secure, secure.lengthened("forty")) == []


def test_faults_of_one_network_are_not_seen_on_another():
    """What a fault leaves behind in a client stays where it was."""
    flaky = replace(SHORT, network="flaky")
    both = [flaky, flaky.lengthened("forty")]
    assert share(*ALL, *both) == [list(ALL), both]
    assert share(SHORT, flaky) == []


def test_operations_have_hosts_and_do_not_share_here():
    """The executor gives them seats."""
    operations = [Cell.of_operation(name, "asyncio") for name in ("call-soon", "futures")]
    assert share(*operations, networks={}) == []
    assert cold(*operations, number=1) == frozenset()


def test_one_of_each_length_warms_a_process():
    """The longest of the long forms, in each round; the short form on each network in turn."""
    warm = [{cell.name for cell in ALL} - cold(*ALL, number=number) for number in range(1, 9)]
    assert Counter(name for names in warm for name in names) == {
        SHORT.name: 4,
        FAR.name: 4,
        LONG.name: 8,
    }
    assert warm[0] != warm[1]


def test_longest_one_that_takes_part_warms():
    """Those that have failed or left are not among the cells."""
    assert cold(SHORT, FAR, FAR_LONG, number=1) == {SHORT.name}
    assert cold(FAR_LONG, number=1) == frozenset()


def test_one_cell_warms_each_process_for_the_calibration():
    """Which only shows about how long crawls take."""
    assert cold(*ALL, number=0) == {cell.name for cell in ALL[1:]}
    alone = {cell.name: cell.name for cell in ALL}
    assert cold(*ALL, number=0, processes=alone) == frozenset()


def test_who_has_a_process_has_warmups():
    """Nobody else's warmup counts."""
    alone = {cell.name: cell.name for cell in ALL}
    assert cold(*ALL, number=3, processes=alone) == frozenset()


def test_network_without_tls_and_faults_is_what_shares():
    """Delays and limits leave nothing behind in a process."""
    limited = Network(round_trip_s=0.1, connection_bytes_per_s=1e6, keep_alive=False)
    assert share(SHORT, FAR, networks={"loopback": Network(), "wan": limited}) == [[SHORT, FAR]]
