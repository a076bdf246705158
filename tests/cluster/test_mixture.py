"""Environments that machines build for themselves are merged only if they hold the same."""

from __future__ import annotations

import asyncio
import zlib
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec
import pytest

from crawlbench.cluster import dispatch, flow
from crawlbench.cluster.blocks import find_mixture, read_result
from crawlbench.cluster.flow import Wishes, run_cluster
from crawlbench.cluster.intake import Intake
from tests.cluster.blocks import make_block, make_machine
from tests.cluster.fakes import FakeCrew
from tests.stats.builders import make_plan, other

CELL = other("a")
PLAN = make_plan(CELL)
OLD = {"old": {"Python": "CPython 3.11.7", "uvloop": "0.21.0", "lxml": "6.1.3"}}


def block(machine, environments, sheet=1):
    """Return a block of one machine with these environments."""
    return make_block(machine, {CELL.name: 0.1}, sheet=sheet, environments=environments)


def packed(result):
    """Return a block as it comes from a machine."""
    files = {"block.json": msgspec.json.encode(result), "session.json": b"{}"}
    return msgspec.msgpack.encode({name: zlib.compress(text) for name, text in files.items()})


def test_blocks_of_equal_environments_are_no_mixture():
    """Nor are those that share none: one was not built there, and its cells are invalid."""
    assert find_mixture(block("north", OLD), block("south", OLD)) == ""
    assert find_mixture(block("north", OLD), block("south", {})) == ""
    assert find_mixture(block("north", {}), block("south", {})) == ""


def test_package_in_which_they_differ_is_named_with_both_versions():
    """And what would help."""
    there = {"old": {"Python": "CPython 3.11.7", "uvloop": "0.21.0", "yarl": "1.0"}}
    assert find_mixture(block("north", OLD), block("south", there)) == (
        "its environment 'old' has lxml none, not 6.1.3, yarl 1.0, not none, as on north; "
        "ask for these versions in all environments"
    )


def test_sheets_differ_only_in_packages_that_both_have():
    """An environment holds what the plug-ins of its sheet need."""
    more = {"old": {"Python": "CPython 3.11.7", "lxml": "6.1.3", "aiohttp": "3.14.5"}}
    assert find_mixture(block("north", OLD), block("north", more, sheet=2)) == ""
    newer = {"old": {**more["old"], "lxml": "7.0.0"}}
    found = find_mixture(block("north", OLD), block("south", newer, sheet=2))
    assert found.startswith("its environment 'old' has lxml 7.0.0, not 6.1.3, as on north")


class KeepsAll:
    """A store that has room for all blocks."""

    def __init__(self):
        self.kept = []

    def keep(self, sheet, machine, packed):
        self.kept.append((sheet, machine))


def test_each_sheet_has_a_first_block_of_its_own():
    """Also in a session that goes on with the blocks of one before it."""
    more = {"old": {**OLD["old"], "aiohttp": "3.14.5"}}
    odd = {"old": {**OLD["old"], "aiohttp": "1.0"}}
    north, south = make_machine("north"), make_machine("south")
    store = KeepsAll()
    intake = Intake(PLAN, (north, south), store, [block(north, OLD)], print, "abc")

    async def keep():
        await intake.keep(2, north, packed(block(north, more, sheet=2)))
        await intake.keep(1, south, packed(block(south, OLD)))
        with pytest.raises(ValueError, match=r"aiohttp 1\.0, not 3\.14\.5, as on north"):
            await intake.keep(2, south, packed(block(south, odd, sheet=2)))

    asyncio.run(keep())
    assert store.kept == [(2, "north"), (1, "south")]


def test_what_is_no_block_is_said():
    """Whatever came instead."""
    for piece in (b"", b"no block", msgspec.msgpack.encode({"session.json": b""})):
        with pytest.raises(ValueError, match="no block"):
            read_result(piece)
    with pytest.raises(ValueError, match="no block"):
        read_result(msgspec.msgpack.encode({"block.json": b"not deflated"}))


def test_block_of_another_mixture_is_left_out_and_named(tmp_path, monkeypatch):
    """The first that comes decides; the other machine's is tried again, and lost."""
    pytest.importorskip("distributed")
    others = {"old": {**OLD["old"], "lxml": "5.0.0"}}

    def play(crew, job, address, future):
        made = block(job.machine, OLD if address == "tcp://north" else others)
        future.answer.set_result(packed(replace(made, seed=job.plan.seed)))

    @asynccontextmanager
    async def connect(address):
        yield None

    crew = FakeCrew("north", "south", play=play)
    monkeypatch.setattr(flow, "open_client", connect)
    monkeypatch.setattr(flow, "Crew", lambda client, names: crew)
    monkeypatch.setattr(flow, "crawlbench_digest", lambda: "abc")
    monkeypatch.setattr(dispatch, "POLL_S", 0.01)
    monkeypatch.setattr(dispatch, "PATIENCE_S", 0.03)
    wishes = Wishes("tcp://nowhere:1")
    session = asyncio.run(run_cluster(PLAN, wishes, tmp_path / "out", lambda text: None))
    assert (session.ending, session.blocks) == ("incomplete", 1)
    assert "lxml 5.0.0, not 6.1.3, as on north" in session.lost[0].reason
