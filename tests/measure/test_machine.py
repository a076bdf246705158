"""Which CPUs go to whom."""

from __future__ import annotations

import pytest

from crawlbench.measure.machine import choose_cpus, describe_machine


@pytest.mark.parametrize(
    ("available", "workers", "mirror"),
    [
        ([0, 1], (0,), (1,)),
        ([2, 3, 5, 9], (2, 3, 5), (9,)),
        ([4], (4,), (4,)),
        ([], (), ()),
    ],
)
def test_mirror_and_workers_share_no_cpu_where_there_are_two(available, workers, mirror):
    """One CPU is shared, which becomes a warning; none is known where none can be chosen."""
    assert choose_cpus(available) == (workers, mirror)


def test_machine_names_what_can_change_a_result():
    """Versions of clients, loops and parsers are recorded."""
    machine = describe_machine()
    assert {"aiohttp", "lxml", "requests", "pyperf"} <= machine.versions.keys()
    assert machine.cpu_count >= 1
