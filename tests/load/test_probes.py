"""How a generator begins: the requests that it makes alone, and what keeps it from its run."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from crawlbench.base.errors import BenchError
from crawlbench.load.crew import local_crew
from crawlbench.load.fire import Bench, fire
from crawlbench.load.model import Arrival, Load, NotReady, Target
from tests.load.servers import Server
from tests.load.test_fire import OPEN, shoot


def test_each_probe_has_the_timeout_of_an_answer():
    """Five of 0.3 s do not fail a timeout of 1 s."""
    with Server("slow") as server:
        found = shoot(server, replace(OPEN, span_s=1.0, rate_per_s=4.0, timeout_s=1.0))
    assert found.due == sum(found.failed.values()) + found.answered == 4
    assert found.unloaded_s > 0.25


@pytest.mark.parametrize("kind", ["drop", "silent", "garbage"])
def test_failed_probe_is_made_again(kind):
    """Two fail, and what comes late from them is not taken for the answer of the next."""
    load = replace(OPEN, span_s=0.2, connections=1, timeout_s=0.1)
    with Server(kind) as server:
        server.well_after = 2
        found = shoot(server, load)
    assert (found.due, found.answered, found.failed) == (40, 40, {})
    assert found.unloaded_s < 0.1


def test_closed_run_that_begins_after_its_end_asks_for_nothing():
    """It ends, too."""
    load = Load(arrival=Arrival.CLOSED, span_s=1e-6, connections=3, generators=1)
    with Server() as server:
        found = shoot(server, load)
    assert (found.due, found.failed) == (0, {})


def test_authority_that_cannot_be_read_is_named_by_its_generator(tmp_path):
    """Such as on another machine, which has files of its own; another try would meet the same."""
    target = Target("127.0.0.1", 9, "/", True, str(tmp_path / "no.pem"))
    with pytest.raises(
        BenchError, match=r"--ca-file '.*no\.pem' cannot be used: No such"
    ) as caught:
        asyncio.run(fire(Bench(target, local_crew), OPEN))
    assert not isinstance(caught.value, NotReady)


@pytest.mark.parametrize(
    ("kind", "reason"), [("drop", ".*: cut off"), ("silent", "the last because no answer came")]
)
def test_run_whose_probes_fail_may_be_tried_again(kind, reason):
    """The server may have been busy just then: `run_load` tries three times."""
    with Server(kind) as server:
        with pytest.raises(NotReady, match=f"3 of 3 single requests failed, {reason}"):
            shoot(server, replace(OPEN, timeout_s=0.3))
        assert server.requests == 3
