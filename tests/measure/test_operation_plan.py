"""Which cells a suite of event loops' operations gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from crawlbench import operations
from crawlbench.base.errors import UnknownNameError, UsageError
from crawlbench.base.records import Plan
from crawlbench.measure import matrix
from crawlbench.measure.matrix import MAX_CELLS, make_plan
from crawlbench.measure.suite import Suite, load_suite

BOTH = ("asyncio", "uvloop")
PLANTED = "tests.operations.planted"


def plan_of(*names, event_loops=BOTH, baseline=None, **settings):
    suite = Suite(operations=names, event_loops=event_loops, **settings)
    return make_plan("test", suite, baseline)


def names_of(plan):
    return [cell.name for cell in plan.cells]


@pytest.mark.parametrize("event_loops", [BOTH, BOTH[::-1]])
def test_stock_loop_is_the_baseline_of_each_operation(event_loops):
    """Whichever was named first; each operation has a control of its own."""
    plan = plan_of("sleep-zero", "lock", event_loops=event_loops)
    assert names_of(plan) == [
        "sleep-zero/asyncio",
        "sleep-zero/uvloop",
        "lock/asyncio",
        "lock/uvloop",
        "sleep-zero/asyncio/control",
        "lock/asyncio/control",
    ]
    assert plan.baselines == {"sleep-zero": "sleep-zero/asyncio", "lock": "lock/asyncio"}


def test_first_loop_is_the_baseline_where_the_stock_loop_was_not_asked_for():
    """Somebody has to be."""
    plan = plan_of("lock", event_loops=("uvloop",))
    assert names_of(plan) == ["lock/uvloop", "lock/uvloop/control"]


def test_baseline_of_operations_is_an_event_loop():
    """Where there are no crawls, what the user names is one; it must be there."""
    plan = plan_of("lock", baseline="uvloop")
    assert names_of(plan) == ["lock/uvloop", "lock/asyncio", "lock/uvloop/control"]
    assert plan.baselines == {"lock": "lock/uvloop"}
    with pytest.raises(UnknownNameError) as caught:
        plan_of("lock", baseline="requests-serial")
    assert str(caught.value) == (
        "the baseline 'requests-serial' is not among the event loops; they are: asyncio, uvloop"
    )


def test_plan_keeps_the_facts_of_its_operations_in_their_order():
    """A report needs no plug-in; what is named twice is there once."""
    plan = plan_of("timers-fire", "tcp-protocol-1k", "timers-*", "sleep-zero-idle-250")
    facts = {facts.name: facts for facts in plan.operations}
    assert list(facts) == ["timers-fire", "tcp-protocol-1k", "sleep-zero-idle-250"]
    assert (facts["timers-fire"].whole_ms, facts["timers-fire"].counts) == (True, "timers")
    assert (facts["tcp-protocol-1k"].peer, facts["tcp-protocol-1k"].peer_is_aside) == (
        "echo",
        False,
    )
    assert facts["sleep-zero-idle-250"].peer_is_aside
    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan


def test_suite_may_have_crawls_and_operations():
    """Side by side, each with its own kind of baseline."""
    plan = plan_of(
        "lock", strategies=("requests-serial", "aiohttp-gather"), baseline="aiohttp-gather"
    )
    crawls = [cell for cell in plan.cells if not cell.operation]
    assert [cell.strategy for cell in crawls] == [
        "requests-serial",
        "aiohttp-gather",
        "aiohttp-gather",
        "aiohttp-gather",
    ]
    assert plan.baselines == {
        "douban-top250/loopback": "aiohttp-gather/asyncio/lxml/c10/loopback/douban-top250",
        "lock": "lock/asyncio",
    }
    assert sum(cell.control for cell in plan.cells) == 2


def test_shipped_suite_of_loops_has_all_operations_that_this_python_knows():
    """And no crawl."""
    plan = make_plan("loops", load_suite("loops"))
    possible = [one.name for one in operations.all_operations() if not one.obstacle]
    assert sorted(facts.name for facts in plan.operations) == sorted(possible)
    assert all(cell.operation for cell in plan.cells)
    assert len(plan.cells) == 3 * len(possible) <= MAX_CELLS


def test_unknown_operation_is_answered_with_a_near_miss():
    """As any other name."""
    with pytest.raises(
        UnknownNameError, match=r"unknown operation 'lok' \(did you mean 'lock'\?\)"
    ):
        plan_of("lok")


@pytest.fixture
def _too_old(monkeypatch):
    """Make `lock` an operation that no Python of today has."""
    known = matrix.select_operations

    def select(patterns):
        return [
            replace(one, python=(9, 9)) if one.name == "lock" else one for one in known(patterns)
        ]

    monkeypatch.setattr(matrix, "select_operations", select)


@pytest.mark.usefixtures("_too_old")
def test_operation_that_cannot_be_done_here_is_refused_if_it_was_named():
    """With the reason."""
    with pytest.raises(UsageError) as caught:
        plan_of("event", "lock")
    assert str(caught.value) == ("operation 'lock' cannot be done here: Python 9.9 has it first")


@pytest.mark.usefixtures("_too_old")
def test_operation_that_cannot_be_done_here_is_left_out_of_a_glob():
    """As what is not installed is."""
    assert [facts.name for facts in plan_of("loc*", "event").operations] == ["event"]
    with pytest.raises(UsageError) as caught:
        plan_of("loc*")
    assert str(caught.value) == (
        "none of the operations loc* can be done here: lock: Python 9.9 has it first"
    )


@pytest.mark.parametrize(
    ("loop", "sentence"),
    [
        (f"{PLANTED}:no_loop", "its factory returned a str, not an asyncio event loop"),
        (f"{PLANTED}:failing_factory", "its factory raised RuntimeError: this Python is too old"),
        (f"{PLANTED}:nothing", "has no attribute 'nothing'; give a function that returns"),
        ("asyncio:new_event_loop", ""),
        ("uvloop:Loop", ""),
        (f"{PLANTED}:asyncio.new_event_loop", "its factory makes loops of asyncio, which a"),
        ("uvlop", "unknown event loop 'uvlop' (did you mean 'uvloop'?)"),
    ],
)
def test_what_makes_no_loop_is_said_before_anything_is_measured(loop, sentence, monkeypatch):
    """In one sentence."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    if not sentence:
        assert plan_of("lock", event_loops=("asyncio", loop))
        return
    with pytest.raises((UsageError, UnknownNameError)) as caught:
        plan_of("lock", event_loops=("asyncio", loop))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
