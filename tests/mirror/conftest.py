"""Mirrors in a thread, on each event loop that can run one, and a watch over processes."""

from __future__ import annotations

import asyncio
import gc
from importlib.util import find_spec

import psutil
import pytest
from tests.mirror.wire import running_mirror

from crawlbench.mirror.networks import NETWORKS, Network

SHAKY = Network(round_trip_s=0.02, jitter=1.0, connect_round_trips=1)
"""Its delays differ so much that answers fall due out of order."""


LOOPS = [
    pytest.param("asyncio", marks=pytest.mark.long if find_spec("uvloop") else ()),
    "uvloop",
]
"""The child takes uvloop where there is one; the other loop is tried in long runs."""


@pytest.fixture(scope="module", params=LOOPS)
def loop_factory(request):
    """Return what makes the mirror's event loop: the child takes uvloop where there is one."""
    if request.param == "asyncio":
        return asyncio.new_event_loop
    return pytest.importorskip("uvloop", reason="uvloop does not run here").new_event_loop


@pytest.fixture(scope="module")
def mirror(loop_factory):
    """Serve without delays."""
    with running_mirror(loop_factory, NETWORKS["loopback"]) as running:
        yield running


@pytest.fixture(scope="module")
def shaky_mirror(loop_factory):
    """Serve over a network whose answers overtake each other."""
    with running_mirror(loop_factory, SHAKY) as running:
        yield running


@pytest.fixture(params=["loopback", "shaky"])
def either_mirror(request, mirror, shaky_mirror):
    """Return the one mirror, then the other."""
    return mirror if request.param == "loopback" else shaky_mirror


@pytest.fixture
def wire(mirror):
    """Return a new connection to the mirror without delays."""
    with mirror.open() as wire:
        yield wire


@pytest.fixture
def nothing_left():
    """Fail a test that leaves a process, or a pipe for the garbage collector to complain of."""
    before = psutil.Process().children()
    yield
    gc.collect()
    assert [child for child in psutil.Process().children() if child not in before] == []
