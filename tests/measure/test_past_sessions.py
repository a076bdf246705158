"""Which sessions beside two others show how much sessions of the same code differ."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.measure.test_store import write
from tests.stats.builders import MACHINE, make_plan, make_session, other

from crawlbench.base.records import Ending
from crawlbench.measure.past_sessions import find_kept
from crawlbench.measure.store import create_folder, load_session
from crawlbench.stats.judge import judge

CELL = other("fast")
PLAN = make_plan(CELL)
ELSEWHERE = make_plan(
    cells=tuple(replace(cell, site="books") for cell in PLAN.cells),
    baselines={"books/net": replace(PLAN.cells[0], site="books").name},
)


def session(plan=PLAN, **changes):
    """Return a session that is being measured."""
    return make_session(plan, [], ending=Ending.NONE, **changes)


def with_versions(**versions):
    """Return a session of a machine with these versions besides the usual ones."""
    return session(machine=replace(MACHINE, versions={**MACHINE.versions, **versions}))


def kept_beside(tmp_path, pair, *others):
    """Return the versions of aiohttp in the sessions that count."""
    for number, one in enumerate((*pair, *others)):
        create_folder(tmp_path / str(number), one)
    found = find_kept(pair, [tmp_path / "0", tmp_path / "1"])
    return [one.machine.versions["aiohttp"] for one in found]


def test_sessions_of_either_version_count_after_an_upgrade(tmp_path):
    """None can have the versions of both."""
    others = session(), with_versions(aiohttp="4.0.0"), with_versions(aiohttp="1.0")
    pair = session(), with_versions(aiohttp="4.0.0")
    assert kept_beside(tmp_path, pair, *others) == ["3.14.5", "4.0.0"]


def find_beside(folder, *sessions):
    """Return how many sessions count beside the first two."""
    for number, one in enumerate(sessions):
        (folder / str(number)).mkdir(parents=True)
        write(folder / str(number), judge(one))
    pair = [load_session(folder / name) for name in "01"]
    return len(find_kept(tuple(pair), [folder / "0", folder / "1"]))


def test_copies_count_once(tmp_path):
    """One that was continued, too: the variance of copies is none."""

    def measured(*rounds, **changes):
        return make_session(PLAN, [{CELL: [s]} for s in rounds], **changes)

    pair = measured(0.1), measured(0.3)
    copies = measured(0.1, 0.2), measured(0.5), measured(0.5), measured(0.5, 0.6)
    assert find_beside(tmp_path / "copies", *pair, *copies) == 1
    others = measured(0.1, created="2027-01-01T00:00:00+00:00"), measured(0.2)
    assert find_beside(tmp_path / "others", *pair, *others) == 2


def test_versions_that_only_one_of_them_knows_do_not_matter(tmp_path):
    """It measured more cells."""
    found = kept_beside(tmp_path, (session(), session()), with_versions(httpx="0.28.1"))
    assert found == ["3.14.5"]


@pytest.mark.parametrize(
    "unlike",
    [
        {"tool": "9.9"},
        {"machine": replace(MACHINE, hostname="another")},
        {"machine": replace(MACHINE, worker_cpus=(0,))},
        {"networks": {"net": {"round_trip_s": 0.08}}},
        {"plan": make_plan(CELL, baselines={CELL.group: CELL.name})},
        {"plan": ELSEWHERE},
        {"codes": {"fast": "new"}},
    ],
    ids=["tool", "machine", "CPUs", "network", "baseline", "cells", "code"],
)
def test_session_that_measured_something_else_says_nothing(tmp_path, unlike):
    """Its difference would be no variance."""
    code = {"codes": {"fast": "old"}}
    one = session(**code)
    assert kept_beside(tmp_path, (one, one), session(**{**code, **unlike})) == []
